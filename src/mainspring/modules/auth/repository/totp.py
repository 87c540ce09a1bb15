"""Authenticator apps, and the tries at their codes."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, or_, select

from mainspring.core.database import Repository, Statement, UtcDateTime, bind, insert_into, update_of

from ..models import CodeGuess, TotpFactor
from ..rows import TotpRow

OF_USER = TotpFactor.user_id == bind("user_id", TotpFactor.user_id)
ACTIVE = TotpFactor.activated_at.is_not(None)
PENDING = TotpFactor.activated_at.is_(None)
STEP = bind("step", TotpFactor.last_step)
JUDGED = TotpFactor.secret == bind("secret", TotpFactor.secret)
COLUMNS = (TotpFactor.user_id, TotpFactor.secret, TotpFactor.activated_at)
GUESSES_OF = CodeGuess.user_id == bind("user_id", CodeGuess.user_id)

OF = Statement(select(*COLUMNS).where(OF_USER), TotpRow)
ADD = Statement(
    insert_into(TotpFactor).on_conflict_do_nothing(index_elements=[TotpFactor.user_id]).returning(TotpFactor.id), UUID
)
REMOVE_PENDING: Statement[None] = Statement(delete(TotpFactor).where(OF_USER, PENDING))
REMOVE: Statement[None] = Statement(delete(TotpFactor).where(OF_USER, ACTIVE))
ACTIVATE: Statement[None] = Statement(
    update_of(TotpFactor)
    .where(OF_USER, PENDING, JUDGED)
    .values(activated_at=bind("now", TotpFactor.activated_at), last_step=STEP)
)
# Of any number of requests with the code of a step exactly one changes the row (D-39).
USE_STEP: Statement[None] = Statement(
    update_of(TotpFactor)
    .where(OF_USER, ACTIVE, JUDGED, or_(TotpFactor.last_step.is_(None), TotpFactor.last_step < STEP))
    .values(last_step=STEP, secret=bind("renewed", TotpFactor.secret))
)

GUESSES = Statement(select(CodeGuess.created_at).where(GUESSES_OF).order_by(CodeGuess.created_at), datetime)
ADD_GUESS: Statement[None] = Statement(insert_into(CodeGuess))
FORGET_GUESS: Statement[None] = Statement(delete(CodeGuess).where(CodeGuess.id == bind("id", CodeGuess.id)))
FORGET_OLD_GUESSES: Statement[None] = Statement(
    delete(CodeGuess).where(GUESSES_OF, CodeGuess.created_at <= bind("before", UtcDateTime))
)


class TotpRepository(Repository):
    """At most one app a user."""

    async def of(self, user_id: UUID) -> TotpRow | None:
        """The app of a user, confirmed or not."""
        return await self.uow.one(OF, user_id=user_id)

    async def begin(self, user_id: UUID, secret: str) -> bool:
        """Another app to be confirmed, in place of the one that was not; False when the user has a confirmed one."""
        await self.uow.run(REMOVE_PENDING, user_id=user_id)
        return await self.uow.value(ADD, user_id=user_id, secret=secret, activated_at=None, last_step=None) is not None

    async def activate(self, judged: TotpRow, step: int, now: datetime) -> bool:
        """Confirm the app whose code was judged; False when it is confirmed by now, or another."""
        return await self.uow.run(ACTIVATE, user_id=judged.user_id, secret=judged.secret, step=step, now=now) == 1

    async def use_step(self, judged: TotpRow, step: int, renewed: str) -> bool:
        """Use a step up; False when it or a later one was used, or the app is another by now."""
        return await self.uow.run(USE_STEP, user_id=judged.user_id, secret=judged.secret, step=step, renewed=renewed) == 1

    async def remove(self, user_id: UUID) -> bool:
        """Remove the confirmed app; False when there is none."""
        return await self.uow.run(REMOVE, user_id=user_id) == 1

    async def remove_pending(self, user_id: UUID) -> None:
        """Remove the app that was never confirmed."""
        await self.uow.run(REMOVE_PENDING, user_id=user_id)


class GuessRepository(Repository):
    """Tries at codes."""

    async def since(self, user_id: UUID, before: datetime) -> list[datetime]:
        """When each try since then was, the oldest first. Older ones are forgotten."""
        await self.uow.run(FORGET_OLD_GUESSES, user_id=user_id, before=before)
        return await self.uow.all(GUESSES, user_id=user_id)

    async def add(self, id: UUID, user_id: UUID, now: datetime) -> None:
        """One more."""
        await self.uow.run(ADD_GUESS, id=id, user_id=user_id, created_at=now)

    async def forget(self, id: UUID) -> None:
        """One that was right."""
        await self.uow.run(FORGET_GUESS, id=id)
