# caught by: Floors: imports run downwards only
# place: modules/planted/service.py
from mainspring.entrypoints import cli
