# caught by: Floors: imports run downwards only
# place: basement/__init__.py
