"""Token keys that the program keeps itself: sealed in the database, shared by all processes, changed with overlap."""
