"""OpenID Connect as a client (OpenID Connect Core 1.0, RFC 6749, RFC 7636, RFC 9207), and the one provider that has it not."""
