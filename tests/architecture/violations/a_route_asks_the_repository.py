# caught by: Transports: no repository, no model, no SQLAlchemy
# place: modules/planted/routes.py
from .repository import PlantedRepository
# place: modules/planted/repository.py
class PlantedRepository: ...
