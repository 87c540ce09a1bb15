"""The questions that users ask the database."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any
from uuid import UUID

from sqlalchemy import select

from mainspring.core.database import (
    Listing,
    Patch,
    Repository,
    Statement,
    any_of,
    bind,
    insert_into,
    update_of,
)

from .models import LIVING, User
from .rows import PERSON, Standing, UserKind, UserRow

COLUMNS = tuple(getattr(User, field.name) for field in fields(UserRow))
PROFILE = ("name", "first_name", "last_name", "age", "bio", "website", "avatar_url", "is_active")
LIVES = User.deleted_at.is_(None)

BY_ID = Statement(select(*COLUMNS).where(User.id == bind("id", User.id), LIVES), UserRow)
BY_EMAIL = Statement(select(*COLUMNS).where(User.email == bind("email", User.email), LIVES), UserRow)
STANDING = Statement(
    select(User.id, User.email, User.kind).where(any_of(User.id, "ids"), LIVES, User.is_active.is_(True)), Standing
)
LIVING_ONES = Statement(select(*COLUMNS).where(any_of(User.id, "ids"), LIVES), UserRow)
DELETED = Statement(select(*COLUMNS).where(User.id == bind("id", User.id), User.deleted_at.is_not(None)), UserRow)
ADD = Statement(
    insert_into(User).on_conflict_do_nothing(index_elements=[User.email], index_where=LIVING).returning(*COLUMNS),
    UserRow,
)
CHANGE = Patch(
    update_of(User).where(User.id == bind("id", User.id), LIVES),
    (*PROFILE, "mfa_enabled", "deleted_at"),
    UserRow,
    conditions={"version": User.version == bind("version", User.version)},
)
VERIFY: Statement[None] = Statement(
    update_of(User)
    .where(User.id == bind("id", User.id), LIVES, User.email == bind("email", User.email), User.email_verified.is_(False))
    .values(email_verified=True)
)
MOVE: Statement[None] = Statement(
    update_of(User)
    .where(User.id == bind("id", User.id), LIVES, User.email == bind("old_email", User.email))
    .values(email=bind("new_email", User.email), email_verified=True)
)
ERASE: Statement[None] = Statement(
    update_of(User)
    .where(User.id == bind("id", User.id), User.deleted_at.is_not(None))
    .values(
        email=bind("email", User.email),
        name=bind("name", User.name),
        first_name=None,
        last_name=None,
        age=None,
        bio=None,
        website=None,
        avatar_url=None,
        is_active=False,
        email_verified=False,
        mfa_enabled=False,
    )
)
RESTORE: Statement[None] = Statement(
    update_of(User).where(User.id == bind("id", User.id), User.deleted_at.is_not(None)).values(deleted_at=None)
)
USERS = Listing(
    select(*COLUMNS).where(LIVES),
    UserRow,
    filters={
        "email": User.email == bind("email", User.email),
        "is_active": User.is_active == bind("is_active", User.is_active),
        "kind": User.kind == bind("kind", User.kind),
    },
    sorts={"createdAt": User.created_at, "name": User.name},
    default="-createdAt",
    key=User.id,
)


class UserRepository(Repository):
    """Living users, unless a method says otherwise."""

    async def by_id(self, id: UUID) -> UserRow | None:
        """A user by id."""
        return await self.uow.one(BY_ID, id=id)

    async def by_email(self, email: str) -> UserRow | None:
        """A user by canonical address."""
        return await self.uow.one(BY_EMAIL, email=email)

    async def standing(self, ids: Sequence[UUID]) -> list[Standing]:
        """Those of the users who are neither deleted nor disabled."""
        return await self.uow.all(STANDING, ids=list(ids))

    async def living(self, ids: Sequence[UUID]) -> list[UserRow]:
        """Those of the users who are not deleted."""
        return await self.uow.all(LIVING_ONES, ids=list(ids))

    async def add(
        self,
        email: str,
        name: str,
        first_name: str | None,
        last_name: str | None,
        *,
        kind: UserKind = PERSON,
        email_verified: bool = False,
        avatar_url: str | None = None,
    ) -> UserRow | None:
        """A new active user; None when the address is taken."""
        return await self.uow.one(
            ADD,
            email=email,
            name=name,
            first_name=first_name,
            last_name=last_name,
            age=None,
            bio=None,
            website=None,
            avatar_url=avatar_url,
            is_active=True,
            email_verified=email_verified,
            mfa_enabled=False,
            kind=kind,
        )

    async def change(self, id: UUID, changes: Mapping[str, Any], version: int | None = None) -> UserRow | None:
        """Change columns of a user; None when there is no such user, or not in this version."""
        return await self.uow.patch(CHANGE, changes, id=id, version=version)

    async def verify(self, id: UUID, email: str) -> bool:
        """Note that the user reads this mailbox; False when that is known, or the address is not his."""
        return await self.uow.run(VERIFY, id=id, email=email) == 1

    async def move(self, id: UUID, old_email: str, new_email: str) -> bool:
        """Another address, which is proved; False when the old one is not his any more."""
        return await self.uow.run(MOVE, id=id, old_email=old_email, new_email=new_email) == 1

    async def erase(self, id: UUID, email: str, name: str) -> None:
        """Take all that is personal out of a deleted user; `email` and `name` stand in for what was there."""
        await self.uow.run(ERASE, id=id, email=email, name=name)

    async def deleted(self, id: UUID) -> UserRow | None:
        """A deleted user by id."""
        return await self.uow.one(DELETED, id=id)

    async def restore(self, id: UUID) -> bool:
        """Show a deleted user again."""
        return await self.uow.run(RESTORE, id=id) == 1
