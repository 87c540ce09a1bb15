"""API keys, with which programs come in, and the service accounts that own them (R-099)."""
