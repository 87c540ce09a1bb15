"""Notifications: what people are told in the application and by mail, and what they want to be told."""
