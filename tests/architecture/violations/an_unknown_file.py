# caught by: module_files_are_known
# place: modules/planted/handlers.py
"""A file that no process looks for."""
