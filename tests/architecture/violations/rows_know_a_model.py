# caught by: Stairs: inside a module imports run downwards only
# place: modules/planted/rows.py
from .models import Planted
# place: modules/planted/models.py
class Planted: ...
