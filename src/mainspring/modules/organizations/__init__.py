"""Organizations: people who belong together, their roles among each other, and invitations."""
