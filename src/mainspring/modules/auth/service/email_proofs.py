"""Proofs by mail: a secret goes to an address, and whoever shows it reads that mailbox. Each is good for one purpose, once.

Doors that ask for a mail only enqueue a job, whatever the address: what they answer, and how fast, tells nothing (D-11).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from mainspring.core import clock, ids
from mainspring.core.database import UnitOfWork
from mainspring.core.limits.tries import TryLimit
from mainspring.core.settings import Settings as CoreSettings
from mainspring.modules.notifications.service import NOBODYS
from mainspring.modules.users.errors import UserNotFound
from mainspring.modules.users.rows import UserRow
from mainspring.modules.users.service import UserService

from ..errors import LinkInvalid
from ..repository import EmailProofRepository
from ..rows import Letter, MailedProof
from ..schemas import SendProof
from ..sealing import token_hash
from ..settings import Settings

TOKEN_BYTES = 32
VERIFY, RESET, CHANGE, MAGIC = "verify-email", "reset-password", "change-email", "magic-link"  # as links name them
EVERY_PURPOSE = (VERIFY, RESET, CHANGE, MAGIC)
KEPT_EXPIRED = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Kind:
    """How long a secret of this purpose lives, and how many of them go to a user in an hour."""

    life: timedelta
    most_an_hour: int = 5


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        VERIFY: Kind(timedelta(hours=24)),
        RESET: Kind(timedelta(hours=1)),
        CHANGE: Kind(timedelta(hours=24), most_an_hour=10),
        MAGIC: Kind(timedelta(minutes=10)),  # ASVS 6.5.5
    }
)


class EmailProofService:
    """Offers, looks at and claims proofs."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow
        self.proofs = EmailProofRepository(uow)

    async def ask(self, order: SendProof) -> None:
        """Have the mail sent, if there is anybody to send it to. Raises TooManyRequests for too many tries from the network."""
        await self.uow.port(TryLimit).count("auth.mail", self.uow.context.address)
        self.uow.enqueue(order)

    async def offer(self, order: SendProof) -> Letter | None:
        """A new proof and the letter that carries its secret.

        None when nobody has the address or its owner is disabled, when there is nothing left to prove, or when the user got
        too many of them. Older ones stay good: a mail that was slow, or asked for by somebody else, takes nothing away.
        """
        user = await self._reader_of(order.email)
        if user is None or (order.purpose == VERIFY and user.email_verified):
            return None
        return await self.offer_to(user, order.purpose, MailedProof(user.id, user.email), order.template)

    async def offer_to(
        self, user: UserRow, purpose: str, proof: MailedProof, template: str, values: Mapping[str, str] | None = None
    ) -> Letter | None:
        """The same for a user who is known, at an address that need not be his yet."""
        await self.uow.lock(f"auth.mail {user.id}", wait=True)  # or two at once would both be the last one allowed
        now, kind = clock.now(), KINDS[purpose]
        if proof.address.endswith(NOBODYS):
            return None
        if await self.proofs.count_since(user.id, purpose, now - timedelta(hours=1)) >= kind.most_an_hour:
            return None
        token = ids.secret(TOKEN_BYTES)
        await self.proofs.add(proof, purpose, token_hash(token), now, now + kind.life)
        return Letter(token_hash(token), proof.address, user.name, f"auth/{template}", self._link(purpose, token), values or {})

    async def take_back(self, letter: Letter) -> None:
        """Forget the proof of a letter that could not be sent, so that another attempt is not one too many."""
        await self.proofs.take_back(letter.proof)

    async def look(self, purpose: str, token: str) -> MailedProof:
        """The proof behind a secret, which stays open. Raises LinkInvalid; noise never reaches for the writer."""
        return await self._standing(purpose, await self.proofs.look(purpose, token_hash(token), clock.now()))

    async def claim(self, purpose: str, token: str) -> MailedProof:
        """Use the secret up. Raises LinkInvalid for all but the first."""
        return await self._standing(purpose, await self.proofs.claim(purpose, token_hash(token), clock.now()))

    async def forget_expired(self) -> int:
        """Delete what expired a day ago; how many."""
        return await self.proofs.forget(clock.now() - KEPT_EXPIRED)

    async def _standing(self, purpose: str, proof: MailedProof | None) -> MailedProof:
        if proof is None:
            raise LinkInvalid()
        try:
            user = await UserService(self.uow).get(proof.user_id)
        except UserNotFound:
            raise LinkInvalid() from None
        if not user.is_active or (purpose != CHANGE and user.email != proof.address):
            raise LinkInvalid()
        return proof

    async def _reader_of(self, email: str) -> UserRow | None:
        user = await UserService(self.uow).by_email(email)
        return user if user is not None and user.is_active else None

    def _link(self, purpose: str, token: str) -> str:
        """Where the mail leads. Of PUBLIC_URL alone: what a request says about its host is nobody's word (ASVS 4.1.3)."""
        settings = self.uow.port(CoreSettings)
        path = settings.section(Settings).link_path
        return settings.public_url.rstrip("/") + path.replace("{purpose}", purpose).replace("{token}", token)
