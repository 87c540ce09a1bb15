"""What social does in the background: forgetting sign-ins that nobody ended."""

from datetime import timedelta

from mainspring.core.database import UnitOfWork
from mainspring.core.jobs import every

from .service import AttemptService, HandoverService, SignInService


@every(timedelta(minutes=10))
async def forget_expired_sign_ins(uow: UnitOfWork) -> None:
    """Delete attempts, codes and notes of sign-ins whose time is over."""
    await AttemptService(uow).forget_expired()
    await HandoverService(uow).forget_expired()
    await SignInService(uow).forget_expired()
