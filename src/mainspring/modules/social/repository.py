"""The questions that social asks the database. Attempts and codes are found by hash only, links by identity or by owner."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select

from mainspring.core.database import Listing, Repository, Statement, UtcDateTime, any_of, bind, insert_into, update_of
from mainspring.core.database.sealed import SealedColumn

from .models import SocialAttempt, SocialHandover, SocialLink, SocialSignIn
from .rows import Attempt, Handover, Identity, KeptSignIn, LinkRow, SignInRow

LINK_COLUMNS = tuple(getattr(SocialLink, field.name) for field in fields(LinkRow))
OF_USER = SocialLink.user_id == bind("user_id", SocialLink.user_id)
IDENTITY = (SocialLink.issuer == bind("issuer", SocialLink.issuer), SocialLink.subject == bind("subject", SocialLink.subject))

LINK_OF = Statement(select(*LINK_COLUMNS).where(*IDENTITY), LinkRow)
LINKS_OF = Statement(select(*LINK_COLUMNS).where(OF_USER).order_by(SocialLink.id), LinkRow)
THESE_LINKS = Statement(select(*LINK_COLUMNS).where(any_of(SocialLink.id, "ids")), LinkRow)
LINKS = Listing(
    select(*LINK_COLUMNS),
    LinkRow,
    filters={"user_id": OF_USER},
    sorts={"createdAt": SocialLink.created_at},
    default="-createdAt",
    key=SocialLink.id,
)
TOKENS_OF = Statement(select(SocialLink.tokens).where(*IDENTITY, SocialLink.tokens.is_not(None)), str)
# of any number of first sign-ins with one identity exactly one adds the row
ADD_LINK = Statement(
    insert_into(SocialLink).on_conflict_do_nothing(index_elements=["issuer", "subject"]).returning(*LINK_COLUMNS), LinkRow
)
USE_LINK: Statement[None] = Statement(
    update_of(SocialLink)
    .where(SocialLink.id == bind("id", SocialLink.id), OF_USER)
    .values(
        email=bind("email", SocialLink.email),
        tokens=bind("tokens", SocialLink.tokens),
        last_used_at=bind("now", SocialLink.last_used_at),
    )
)
REMOVE_LINK = Statement(
    delete(SocialLink).where(SocialLink.id == bind("id", SocialLink.id), OF_USER).returning(*LINK_COLUMNS), LinkRow
)
REMOVE_LINKS = Statement(delete(SocialLink).where(OF_USER).returning(*LINK_COLUMNS), LinkRow)

ATTEMPT_COLUMNS = tuple(getattr(SocialAttempt, field.name) for field in fields(Attempt))
THIS_ATTEMPT = SocialAttempt.state_hash == bind("state_hash", SocialAttempt.state_hash)
ADD_ATTEMPT: Statement[None] = Statement(insert_into(SocialAttempt))
LOOK_ATTEMPT = Statement(select(*ATTEMPT_COLUMNS).where(THIS_ATTEMPT), Attempt)
# Of any number of answers with the same state exactly one finds the row.
CLAIM_ATTEMPT = Statement(
    delete(SocialAttempt)
    .where(
        THIS_ATTEMPT,
        SocialAttempt.provider == bind("provider", SocialAttempt.provider),
        SocialAttempt.browser_hash == bind("browser_hash", SocialAttempt.browser_hash),
        SocialAttempt.expires_at > bind("now", UtcDateTime),
    )
    .returning(*ATTEMPT_COLUMNS),
    Attempt,
)
FORGET_ATTEMPTS: Statement[None] = Statement(delete(SocialAttempt).where(SocialAttempt.expires_at <= bind("now", UtcDateTime)))

HANDOVER_COLUMNS = tuple(getattr(SocialHandover, field.name) for field in fields(Handover))
OPEN_HANDOVER = (
    SocialHandover.code_hash == bind("code_hash", SocialHandover.code_hash),
    SocialHandover.expires_at > bind("now", UtcDateTime),
)
ADD_HANDOVER: Statement[None] = Statement(insert_into(SocialHandover))
LOOK_HANDOVER = Statement(select(*HANDOVER_COLUMNS).where(*OPEN_HANDOVER), Handover)
CLAIM_HANDOVER = Statement(delete(SocialHandover).where(*OPEN_HANDOVER).returning(*HANDOVER_COLUMNS), Handover)
FORGET_HANDOVERS: Statement[None] = Statement(delete(SocialHandover).where(SocialHandover.expires_at <= bind("now", UtcDateTime)))
FORGET_HANDOVERS_OF: Statement[None] = Statement(
    delete(SocialHandover).where(SocialHandover.user_id == bind("user_id", SocialHandover.user_id))
)
FORGET_HANDOVERS_FROM: Statement[None] = Statement(delete(SocialHandover).where(any_of(SocialHandover.origin_id, "origin_ids")))

SIGN_IN_COLUMNS = tuple(getattr(SocialSignIn, field.name) for field in fields(SignInRow))
OF_ISSUER = SocialSignIn.issuer == bind("issuer", SocialSignIn.issuer)
ADD_SIGN_IN: Statement[None] = Statement(insert_into(SocialSignIn))
SIGN_INS_OF_SUBJECT = Statement(
    select(*SIGN_IN_COLUMNS).where(OF_ISSUER, SocialSignIn.subject == bind("subject", SocialSignIn.subject)), SignInRow
)
SIGN_INS_OF_SESSION = Statement(
    select(*SIGN_IN_COLUMNS).where(
        OF_ISSUER, SocialSignIn.provider_session == bind("provider_session", SocialSignIn.provider_session)
    ),
    SignInRow,
)
SIGN_INS = Listing(
    select(*(getattr(SocialSignIn, field.name) for field in fields(KeptSignIn))),
    KeptSignIn,
    filters={"user_id": SocialSignIn.user_id == bind("user_id", SocialSignIn.user_id)},
    sorts={"createdAt": SocialSignIn.created_at},
    default="-createdAt",
    key=SocialSignIn.id,
)
REMOVE_SIGN_INS: Statement[None] = Statement(delete(SocialSignIn).where(any_of(SocialSignIn.id, "ids")))
FORGET_SIGN_INS: Statement[None] = Statement(delete(SocialSignIn).where(SocialSignIn.expires_at <= bind("now", UtcDateTime)))
FORGET_SIGN_INS_OF: Statement[None] = Statement(
    delete(SocialSignIn).where(SocialSignIn.user_id == bind("user_id", SocialSignIn.user_id))
)


class LinkRepository(Repository):
    """Links with outside identities. A user's are found by link and user, so a stranger's is not there."""

    async def of_identity(self, issuer: str, subject: str) -> LinkRow | None:
        """The link of an identity, whoever asks."""
        return await self.uow.one(LINK_OF, issuer=issuer, subject=subject)

    async def of_user(self, user_id: UUID) -> list[LinkRow]:
        """The user's, the oldest first."""
        return await self.uow.all(LINKS_OF, user_id=user_id)

    async def those(self, ids: Sequence[UUID]) -> list[LinkRow]:
        """Those of the links that there still are."""
        return await self.uow.all(THESE_LINKS, ids=list(ids)) if ids else []

    async def tokens_of(self, issuer: str, subject: str) -> str | None:
        """The sealed tokens of an identity."""
        return await self.uow.value(TOKENS_OF, issuer=issuer, subject=subject)

    async def add(self, user_id: UUID, identity: Identity, tokens: str | None, now: datetime) -> LinkRow | None:
        """A new one; None when the identity is linked already."""
        return await self.uow.one(
            ADD_LINK,
            user_id=user_id,
            provider=identity.provider,
            issuer=identity.issuer,
            subject=identity.subject,
            email=identity.email,
            tokens=tokens,
            last_used_at=now,
        )

    async def use(self, link: LinkRow, email: str | None, tokens: str | None, now: datetime) -> bool:
        """Note the use; False when the link is gone."""
        return await self.uow.run(USE_LINK, id=link.id, user_id=link.user_id, email=email, tokens=tokens, now=now) == 1

    async def remove(self, user_id: UUID, id: UUID) -> LinkRow | None:
        """Remove one of the user's; None when there is none."""
        return await self.uow.one(REMOVE_LINK, id=id, user_id=user_id)

    async def remove_all(self, user_id: UUID) -> list[LinkRow]:
        """Remove all of the user's; those that there were."""
        return await self.uow.all(REMOVE_LINKS, user_id=user_id)


class AttemptRepository(Repository):
    """Sign-ins that wait for the provider."""

    async def add(self, attempt: Attempt) -> None:
        """A new one."""
        await self.uow.run(ADD_ATTEMPT, **{field.name: getattr(attempt, field.name) for field in fields(attempt)})

    async def look(self, state_hash: str) -> Attempt | None:
        """An attempt, whoever asks; it stays."""
        return await self.uow.one(LOOK_ATTEMPT, state_hash=state_hash)

    async def claim(self, state_hash: str, provider: str, browser_hash: str, now: datetime) -> Attempt | None:
        """Use it up; None for all but the first, another provider and another browser."""
        return await self.uow.one(CLAIM_ATTEMPT, state_hash=state_hash, provider=provider, browser_hash=browser_hash, now=now)

    async def forget(self, now: datetime) -> int:
        """Delete those whose time is over; how many."""
        return await self.uow.run(FORGET_ATTEMPTS, now=now)


class HandoverRepository(Repository):
    """People who were proved and come for the session."""

    async def add(self, handover: Handover, code_hash: str, now: datetime, expires_at: datetime) -> None:
        """A new one."""
        await self.uow.run(
            ADD_HANDOVER,
            code_hash=code_hash,
            user_id=handover.user_id,
            transport=handover.transport,
            browser_hash=handover.browser_hash,
            challenge=handover.challenge,
            origin_id=handover.origin_id,
            created_at=now,
            expires_at=expires_at,
        )

    async def look(self, code_hash: str, now: datetime) -> Handover | None:
        """An open one; it stays open."""
        return await self.uow.one(LOOK_HANDOVER, code_hash=code_hash, now=now)

    async def claim(self, code_hash: str, now: datetime) -> Handover | None:
        """Use it up; None for all but the first."""
        return await self.uow.one(CLAIM_HANDOVER, code_hash=code_hash, now=now)

    async def forget(self, now: datetime) -> int:
        """Delete those whose time is over; how many."""
        return await self.uow.run(FORGET_HANDOVERS, now=now)

    async def forget_of(self, user_id: UUID) -> int:
        """Delete those of a user, as when the account changes hands; how many."""
        return await self.uow.run(FORGET_HANDOVERS_OF, user_id=user_id)

    async def forget_from(self, origin_ids: Sequence[UUID]) -> int:
        """Delete those that began with these sign-ins; how many."""
        return await self.uow.run(FORGET_HANDOVERS_FROM, origin_ids=list(origin_ids))


class SignInRepository(Repository):
    """Sign-ins that sessions began with, found by what the provider calls them."""

    async def add(self, id: UUID, user_id: UUID, identity: Identity, now: datetime, expires_at: datetime) -> None:
        """A new one."""
        await self.uow.run(
            ADD_SIGN_IN,
            id=id,
            user_id=user_id,
            issuer=identity.issuer,
            subject=identity.subject,
            provider_session=identity.provider_session,
            created_at=now,
            expires_at=expires_at,
        )

    async def of_subject(self, issuer: str, subject: str) -> list[SignInRow]:
        """Those of somebody at the provider."""
        return await self.uow.all(SIGN_INS_OF_SUBJECT, issuer=issuer, subject=subject)

    async def of_session(self, issuer: str, provider_session: str) -> list[SignInRow]:
        """Those of one session at the provider."""
        return await self.uow.all(SIGN_INS_OF_SESSION, issuer=issuer, provider_session=provider_session)

    async def remove(self, ids: Sequence[UUID]) -> None:
        """Delete these."""
        await self.uow.run(REMOVE_SIGN_INS, ids=list(ids))

    async def forget(self, now: datetime) -> int:
        """Delete those whose time is over; how many."""
        return await self.uow.run(FORGET_SIGN_INS, now=now)

    async def forget_of(self, user_id: UUID) -> int:
        """Delete those of a user; how many."""
        return await self.uow.run(FORGET_SIGN_INS_OF, user_id=user_id)


def sealed_columns() -> list[SealedColumn]:
    """What is sealed under ENCRYPTION_KEY: tokens of providers, and PKCE verifiers while a sign-in waits."""
    return [
        SealedColumn(SocialLink, "tokens", "social.tokens", "social_links/{issuer}/{subject}"),
        SealedColumn(SocialAttempt, "verifier", "social.attempts", "{state_hash}"),
    ]
