# caught by: Floors: imports run downwards only
# place: core/planted.py
from mainspring.modules.planted import service
# place: modules/planted/service.py
"""Planted."""
