"""Who may do what: roles, permissions, temporary grants."""
