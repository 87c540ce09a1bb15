"""Mainspring: the production backend that a team installs instead of writing."""

__version__ = "0.1.0"
