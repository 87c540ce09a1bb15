# caught by: Services: no framework, no transport, no SQL
# place: modules/planted/service.py
from sqlalchemy import text
