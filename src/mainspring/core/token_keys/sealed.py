"""What is sealed of token keys: private halves."""

from ..database.sealed import SealedColumn
from .models import TokenKey
from .store import PURPOSE

COLUMNS = (SealedColumn(TokenKey, "sealed", PURPOSE, "{key_id}"),)
