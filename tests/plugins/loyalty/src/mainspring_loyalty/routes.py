"""Loyalty over REST."""

from mainspring.core.http import App, ReadUnit, Router, WriteUnit, problems

from .errors import TooManyPoints
from .permissions import Giver, Member
from .schemas import AwardOut, AwardPoints, PointsOut
from .service import LoyaltyService
from .settings import Settings

router = Router(prefix="/loyalty", tags=["loyalty"])


@router.get("/points")
async def my_points(member: Member, app: App, uow: ReadUnit) -> PointsOut:
    """The points of the signed-in user."""
    service = LoyaltyService(uow, app.settings.section(Settings).most_points)
    return PointsOut(points=await service.points_of(member.id))


@router.post("/awards", status_code=201, responses=problems(TooManyPoints))
async def award_points(body: AwardPoints, giver: Giver, app: App, uow: WriteUnit) -> AwardOut:
    """Give a user points."""
    return AwardOut.of(await LoyaltyService(uow, app.settings.section(Settings).most_points).award(body))
