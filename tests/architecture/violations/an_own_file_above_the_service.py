# caught by: own_files_lie_below_the_service
# place: modules/planted/slugs.py
from .service import PlantedService
# place: modules/planted/module.py
from mainspring.core.module import Module

MODULE = Module("planted", "mainspring.modules.planted", own=("slugs",))
