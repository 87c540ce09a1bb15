"""What API keys do when something happens to them or to their owners."""

from mainspring.core.database import UnitOfWork
from mainspring.core.events import subscribe
from mainspring.modules.access.service import AssignmentService
from mainspring.modules.auth.events import AccountClaimed, DeletionWished
from mainspring.modules.notifications.service import NotificationService
from mainspring.modules.users.events import UserDeleted, UserErased
from mainspring.modules.users.rows import SERVICE
from mainspring.modules.users.service import UserService

from .events import CHANGES, ApiKeyCreated, ApiKeyEvent, ApiKeyRevoked, ApiKeyRotated
from .service import KeyService

IF_IT_WAS_NOT_YOU = "If nobody of yours did this, revoke the key at once: it can act for this account."


@subscribe(ApiKeyCreated, queue="mail")
async def tell_of_new_key(uow: UnitOfWork, fact: ApiKeyCreated) -> None:
    """Say that there is a new key."""
    scopes = ", ".join(fact.scopes) or "nothing but what every program may"
    body = f"It may be used until {fact.expires_at:%Y-%m-%d} for: {scopes}.\n\n{IF_IT_WAS_NOT_YOU}"
    await _tell(uow, fact, f'The API key "{fact.name}" was made', body)


@subscribe(ApiKeyRotated, queue="mail")
async def tell_of_rotation(uow: UnitOfWork, fact: ApiKeyRotated) -> None:
    """Say that a key has a new secret."""
    body = f"Its new secret may be used until {fact.expires_at:%Y-%m-%d}.\n\n{IF_IT_WAS_NOT_YOU}"
    await _tell(uow, fact, f'The API key "{fact.name}" was rotated', body)


@subscribe(ApiKeyRevoked, queue="mail")
async def tell_of_revocation(uow: UnitOfWork, fact: ApiKeyRevoked) -> None:
    """Say that a key was revoked."""
    body = "Programs that still use it are refused from now on."
    await _tell(uow, fact, f'The API key "{fact.name}" was revoked', body)


@subscribe(UserDeleted)
async def revoke_keys(uow: UnitOfWork, deleted: UserDeleted) -> None:
    """Revoke what the account has: its keys are refused already, and restoring it shall not bring them back."""
    await KeyService(uow).revoke_all(deleted.user_id)


@subscribe(UserErased)
async def erase_keys(uow: UnitOfWork, erased: UserErased) -> None:
    """Remove what is kept about somebody who is gone for good."""
    await KeyService(uow).erase(erased.user_id)


@subscribe(AccountClaimed)
async def revoke_keys_of_before(uow: UnitOfWork, claimed: AccountClaimed) -> None:
    """Revoke what was made before the owner of the mailbox came: it need not have been him who made it."""
    await KeyService(uow).revoke_all(claimed.user_id)


@subscribe(DeletionWished)
async def revoke_keys_of_who_leaves(uow: UnitOfWork, wished: DeletionWished) -> None:
    """Revoke what the account has; whoever comes back within the grace makes new keys."""
    await KeyService(uow).revoke_all(wished.user_id)


async def _tell(uow: UnitOfWork, fact: ApiKeyEvent, title: str, body: str) -> None:
    """Tell the owner; for a service account, which reads nothing, the administrators."""
    owner = (await UserService(uow).standing([fact.user_id], services=True)).get(fact.user_id)
    if owner is None:
        return
    readers = await AssignmentService(uow).administrators() if owner.kind == SERVICE else [owner.id]
    if owner.kind == SERVICE:
        body = f"It belongs to the service account {owner.email}.\n\n{body}"
    for reader in readers:
        await NotificationService(uow).notify(reader, CHANGES, title, body, {"keyId": fact.key_id, "userId": fact.user_id})
