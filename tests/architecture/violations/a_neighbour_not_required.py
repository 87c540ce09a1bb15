# caught by: neighbours_meet_at_public_files
# place: modules/planted/service.py
from mainspring.modules.grafted.errors import Grafted
# place: modules/planted/module.py
from mainspring.core.module import Module

MODULE = Module("planted", "mainspring.modules.planted")
# place: modules/grafted/errors.py
class Grafted(Exception): ...
