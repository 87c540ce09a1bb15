# caught by: Transports: no repository, no model, no SQLAlchemy
# place: modules/planted/routes.py
from sqlalchemy import select
