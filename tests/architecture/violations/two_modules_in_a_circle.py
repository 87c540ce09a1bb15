# caught by: Neighbours: no circle between modules
# place: modules/planted/service.py
from mainspring.modules.grafted.errors import Grafted
# place: modules/grafted/service.py
from mainspring.modules.planted.errors import Planted
# place: modules/grafted/errors.py
class Grafted(Exception): ...
# place: modules/planted/errors.py
class Planted(Exception): ...
