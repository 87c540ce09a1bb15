# caught by: Stairs: inside a module imports run downwards only
# place: modules/planted/repository.py
from .service import PlantedService
# place: modules/planted/service.py
class PlantedService: ...
