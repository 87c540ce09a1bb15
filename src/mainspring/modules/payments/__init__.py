"""Payments: what was charged, by whom, and what became of it."""
