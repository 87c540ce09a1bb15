"""Signing in with an account at an outside provider: OpenID Connect, and GitHub."""
