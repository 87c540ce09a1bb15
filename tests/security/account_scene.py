"""What the access matrix needs of accounts and organizations: things made for each call."""

from typing import TYPE_CHECKING
from uuid import UUID

from mainspring.core import clock
from mainspring.modules.organizations.repository import MemberRepository
from mainspring.modules.organizations.service import InvitationService
from mainspring.modules.users.service import UserService
from mainspring.testing.client import SignedIn

if TYPE_CHECKING:
    from .test_access_matrix import Scene, Things


async def an_organization(scene: "Scene", owner: SignedIn) -> "Things":
    """One that the owner of the path owns, with a member and an open invitation."""
    founder, member = scene.app.as_(owner), await scene.app.sign_up()
    id = (await founder.post("/api/v1/organizations", json={"name": "Engines"})).json()["id"]
    async with scene.app.application.unit() as uow:
        await MemberRepository(uow).add(UUID(id), member.id, "member", clock.now())
    await founder.post(f"/api/v1/organizations/{id}/invitations", json={"email": "invited@example.com"})
    invitation = (await founder.get(f"/api/v1/organizations/{id}/invitations")).json()["data"][0]["id"]
    return {"id": id, "user_id": str(member.id), "userId": str(member.id), "invitation_id": invitation, "role": "member"}


async def an_invitation(scene: "Scene", owner: SignedIn) -> "Things":
    """The token of an invitation that was sent to the owner."""
    id = (await scene.made("/organizations", {"name": "Engines"}))["id"]
    keeper = scene.app.as_(scene.keeper)
    await keeper.post(f"/api/v1/organizations/{id}/invitations", json={"email": owner.email})
    invitation = (await keeper.get(f"/api/v1/organizations/{id}/invitations")).json()["data"][0]["id"]
    async with scene.app.application.unit() as uow:
        await UserService(uow).verify_email(owner.id, owner.email)
        letter = await InvitationService(uow).letter(UUID(invitation))
    assert letter is not None
    return {"token": letter.link.partition("token=")[2]}


async def an_export(scene: "Scene", owner: SignedIn) -> "Things":
    return {"id": (await scene.app.as_(owner).post("/api/v1/users/me/export")).json()["id"]}


async def somebody_acted_as(scene: "Scene", caller: SignedIn) -> "Things":
    """Somebody as whom the caller acts, if he may."""
    user = await scene.app.sign_up()
    await scene.app.as_(caller).post(f"/api/v1/users/{user.id}/impersonation", json={"reason": "A test of who may"})
    return {"id": str(user.id)}
