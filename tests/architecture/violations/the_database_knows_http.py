# caught by: Database: core's data access knows no web framework
# place: core/database/planted.py
from starlette.requests import Request
