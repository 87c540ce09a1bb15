# caught by: module_files_are_known
# place: modules/undeclared/service.py
"""A feature that nobody finds."""
