"""Being an OAuth 2.1 and OpenID provider: other programs act for our people and service accounts, within what was granted."""
