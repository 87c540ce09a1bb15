"""Backups in one file: made while the program serves, checked before anything is restored (docs/guides/operations.md)."""
