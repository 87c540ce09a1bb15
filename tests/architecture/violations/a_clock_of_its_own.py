# caught by: time_and_ids_have_one_source
# place: core/planted.py
from datetime import UTC, datetime

NOW = datetime.now(UTC)
