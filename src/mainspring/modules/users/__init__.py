"""Accounts: who exists, their profile and whether they may come in."""
