# caught by: Transports: no repository, no model, no SQLAlchemy
# place: modules/planted/jobs.py
from mainspring.modules.grafted.models import Grafted
# place: modules/grafted/models.py
class Grafted: ...
