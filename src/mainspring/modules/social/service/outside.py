"""Bearer tokens of outside issuers, for users who linked the identity (R-098). Off unless an issuer is named.

The user is found by issuer and subject, never by an address. What he may do, and whether he may do anything, is known here and is
at most a second old, as with sessions. An account with a second factor is not opened: the token proves one at most.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from mainspring.core import clock, context
from mainspring.core.application import Application
from mainspring.core.database import UnitOfWork
from mainspring.core.module import BootRefused
from mainspring.core.observability import security_events
from mainspring.core.security.ports import Held, PermissionSource, SessionState
from mainspring.core.security.principal import Principal
from mainspring.core.security.refusals import TokenExpired, TokenInvalid, TokenRevoked
from mainspring.core.security.snapshots import Snapshots
from mainspring.modules.auth.service import FactorService
from mainspring.modules.users.service import UserService

from ..oidc.asking import Asking, Hosts
from ..oidc.discovery import Discovery
from ..oidc.id_tokens import CLOCKS_DIFFER, Claims, Wrong, moment_of, payload_of, signed_claims, subject_of
from ..oidc.key_sets import KeySet
from ..oidc.presets import insecure
from ..settings import Settings, TrustedIssuer
from .directory import http_for
from .links import LinkService

TYPES = (None, "JWT", "at+jwt", "application/at+jwt")
OF_A_SIGN_IN = ("nonce", "at_hash", "c_hash")  # an ID token tells a client who signed in, and opens nothing
REMEMBERED = 10_000  # identities a process
FAR = timedelta(days=365)


class TrustedKeys:
    """What one issuer signs with, and what its tokens must say."""

    def __init__(self, settings: TrustedIssuer, keys: KeySet) -> None:
        self.settings, self.keys = settings, keys

    async def verified(self, token: str) -> Claims:
        """The claims. Raises TokenInvalid, TokenExpired, and ProviderUnavailable."""
        try:
            _, claims = await signed_claims(token, self.keys, types=TYPES)
            expires = self._checked(claims)
        except Wrong:
            here = context.current()
            security_events.suspicious_activity(None, "outside_token_refused", ip=here.address, path=here.path)
            raise TokenInvalid from None
        if expires <= clock.now().timestamp():
            raise TokenExpired
        return claims

    def _checked(self, claims: Claims) -> float:
        now, audience = clock.now().timestamp(), claims.get("aud")
        if claims.get("iss") != self.settings.issuer:
            raise Wrong("iss")
        if self.settings.audience not in (audience if isinstance(audience, list) else [audience]):
            raise Wrong("aud")
        if any(name in claims for name in OF_A_SIGN_IN):
            raise Wrong("typ")
        issued, expires = moment_of(claims, "iat"), moment_of(claims, "exp")
        if issued > now + CLOCKS_DIFFER or ("nbf" in claims and moment_of(claims, "nbf") > now + CLOCKS_DIFFER):
            raise Wrong("iat")
        if not 0 < expires - issued <= self.settings.longest_life:
            raise Wrong("exp")
        subject_of(claims)
        return expires


class LiveLinks:
    """Knows which links still let somebody in."""

    async def live(self, uow: UnitOfWork, ids: Sequence[UUID], /) -> dict[UUID, SessionState]:
        """Those whose users are neither deleted nor disabled, and ask for no second factor."""
        links = await LinkService(uow).those(ids)
        standing = await UserService(uow).standing(list({link.user_id for link in links}))
        factors = FactorService(uow)
        return {
            link.id: SessionState(link.id, link.user_id, standing[link.user_id].email, clock.after(FAR))
            for link in links
            if link.user_id in standing and not await factors.methods_of(link.user_id)
        }


class TrustedTokens:
    """`OutsideTokens`."""

    def __init__(self, application: Application, issuers: Mapping[str, TrustedKeys]) -> None:
        self.application, self.issuers = application, issuers
        self.is_used = bool(issuers)
        self._snapshots: Snapshots[SessionState] = Snapshots(
            application.reading, LiveLinks(), application.resolve(PermissionSource)
        )
        self._link_of: dict[tuple[str, str], UUID] = {}

    def names_issuer(self, token: bytes) -> bool:
        """Whether the unverified payload names one of the issuers."""
        return self._issuer(token) is not None

    async def principal(self, token: bytes) -> Principal:
        """Who asks."""
        trusted = self._issuer(token)
        if trusted is None:
            raise TokenInvalid
        claims = await trusted.verified(token.decode("latin-1"))
        issuer, subject = trusted.settings.issuer, subject_of(claims)
        link_id = self._link_of.get((issuer, subject)) or await self._found(issuer, subject)
        snapshot = await self._snapshots.of(link_id)
        if snapshot.state is None:
            self._link_of.pop((issuer, subject), None)
            raise TokenRevoked
        must_enrol = self.application.settings.mfa.owes_factor(snapshot.held.roles, has_two_factors=False)
        held = Held() if must_enrol else snapshot.held
        return Principal(
            id=snapshot.state.user_id,
            email=snapshot.state.email,
            roles=held.roles,
            permissions=held.permissions,
            session_id=link_id,
            token_id=str(claims.get("jti", ""))[:100],
            expires_at=datetime.fromtimestamp(moment_of(claims, "exp"), UTC),
            must_enrol=must_enrol,
        )

    def forget_user(self, user_id: UUID) -> None:
        """Ask anew about the user."""
        self._snapshots.forget_user(user_id)

    def forget_all(self) -> None:
        """Ask anew about everybody."""
        self._snapshots.forget_all()

    async def stop(self) -> None:
        """End the loader."""
        await self._snapshots.stop()

    def _issuer(self, token: bytes) -> TrustedKeys | None:
        try:
            said = payload_of(token.decode("latin-1")).get("iss")
        except Wrong:
            return None
        return self.issuers.get(said) if isinstance(said, str) else None

    async def _found(self, issuer: str, subject: str) -> UUID:
        async with self.application.reading() as uow:
            link = await LinkService(uow).of_identity(issuer, subject)
        if link is None:
            raise TokenInvalid
        if len(self._link_of) >= REMEMBERED:
            del self._link_of[next(iter(self._link_of))]
        self._link_of[(issuer, subject)] = link.id
        return link.id


def outside_tokens(application: Application) -> TrustedTokens:
    """Those of the settings. Raises BootRefused for an issuer that is our own, or not https in production."""
    core, section = application.settings, application.settings.section(Settings)
    issuers = {}
    for settings in section.trusted_issuers:
        if settings.issuer == core.jwt_issuer:
            raise BootRefused("SOCIAL__TRUSTED_ISSUERS names JWT_ISSUER, which is this installation itself.")
        if core.is_production and insecure([settings.issuer]):
            raise BootRefused(f"SOCIAL__TRUSTED_ISSUERS names {settings.issuer}, which must start with https:// in production.")
        name = f"social issuer {settings.issuer}"
        hosts = [settings.issuer, *settings.hosts]
        http = http_for(application, name, section.timeout, hosts)
        asking = Asking(name, http, Hosts(hosts, is_production=core.is_production))
        issuers[settings.issuer] = TrustedKeys(settings, KeySet(asking, Discovery(settings.issuer, asking).key_address))
    return TrustedTokens(application, issuers)
