"""Signing in and staying signed in: credentials, sessions, refresh tokens."""
