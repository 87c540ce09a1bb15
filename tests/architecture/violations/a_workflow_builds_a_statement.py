# caught by: sql_stands_in_repositories
# place: modules/planted/workflows/planting.py
from mainspring.core.database import Statement

ALL = Statement("SELECT 1", int)
