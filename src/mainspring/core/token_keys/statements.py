"""What is asked of the table of token keys."""

from sqlalchemy import select

from ..database.statement import Statement, bind, insert_into, update_of
from .models import TokenKey
from .plan import KeptKey

_one = TokenKey.key_id == bind("key_id", TokenKey.key_id)
_lives = TokenKey.ended_at.is_(None)

ALL = Statement(select(TokenKey).order_by(TokenKey.generation.desc()), KeptKey)
ADD = Statement(
    insert_into(TokenKey, "generation", "key_id", "algorithm", "public", "sealed", "signs_from", "ended_at", "leaked")
    .on_conflict_do_nothing(index_elements=[TokenKey.generation])
    .returning(TokenKey.key_id),
    str,
)
END: Statement[None] = Statement(
    update_of(TokenKey)
    .where(_one, _lives)
    .values(ended_at=bind("moment", TokenKey.ended_at), leaked=bind("leaked", TokenKey.leaked), sealed=None)
)
SEAL_ANEW: Statement[None] = Statement(
    update_of(TokenKey)
    .where(_one, TokenKey.sealed == bind("before", TokenKey.sealed))
    .values(sealed=bind("sealed", TokenKey.sealed))
)
