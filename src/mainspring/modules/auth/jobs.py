"""What auth does in the background: mail with secret links, and forgetting those that expired."""

from datetime import timedelta

from mainspring.core.database import UnitOfWork
from mainspring.core.jobs import Backoff, JobRun, cron, every, job
from mainspring.core.observability.logs import get_logger
from mainspring.core.personal_data import collected
from mainspring.modules.access.errors import LastAdministrator

from .schemas import MakeExport, SendChangeProofs, SendProof
from .service import DeletionService, EmailChangeService, EmailProofService, ExportService, PasswordGuessService
from .workflows.mailing import send_letter

# A link that comes hours late helps nobody, so these give up after about an hour. Each attempt makes a new secret.
AT_ONCE = 500
ATTEMPTS = 8
PATIENCE = Backoff(first=timedelta(seconds=10), longest=timedelta(minutes=20))

log = get_logger(__name__)


@job(queue="mail", attempts=ATTEMPTS, backoff=PATIENCE, history=timedelta(days=1))
async def send_proof(run: JobRun, order: SendProof) -> None:
    """Mail a link to whoever has the address. For an address that nobody has it does as much, and sends nothing."""
    async with run.unit() as uow:
        letter = await EmailProofService(uow).offer(order)
    if letter is not None:
        await send_letter(run, letter)


@job(queue="mail", attempts=ATTEMPTS, backoff=PATIENCE, history=timedelta(days=1))
async def send_change_proofs(run: JobRun, order: SendChangeProofs) -> None:
    """Ask the old and the new mailbox whether an address may change. Whoever is asked twice may answer either."""
    async with run.unit() as uow:
        letters = await EmailChangeService(uow).letters(order)
    for letter in letters:
        await send_letter(run, letter)


@cron("41 3 * * *")
async def forget_expired_proofs(uow: UnitOfWork) -> None:
    """Delete proofs and wished addresses whose time was over a day ago."""
    await EmailProofService(uow).forget_expired()
    await EmailChangeService(uow).forget_expired()


@job(attempts=5, timeout=timedelta(minutes=10))
async def make_export(run: JobRun, order: MakeExport) -> None:
    """Ask every module what it keeps about a user, and keep the answers for him."""
    async with run.reading() as uow:
        if not await ExportService(uow).is_wanted(order):
            return
    data = await collected(run.application, order.user_id)
    async with run.unit() as uow:
        await ExportService(uow).fill(order, data)


@every(timedelta(hours=1))
async def forget_expired_exports(uow: UnitOfWork) -> None:
    """Delete archives whose time is over."""
    await ExportService(uow).forget_expired()


@every(timedelta(hours=1))
async def erase_due_accounts(run: JobRun) -> None:
    """Erase the accounts whose grace is over, each in a unit of its own. The last administrator's waits for another one."""
    async with run.reading() as uow:
        due = await DeletionService(uow).due(AT_ONCE)
    for user_id in due:
        try:
            async with run.unit() as uow:
                await DeletionService(uow).carry_out(user_id)
        except LastAdministrator:
            log.warn("last_administrator_wants_to_leave", userId=str(user_id))


@every(timedelta(hours=1))
async def forget_old_guesses(uow: UnitOfWork) -> None:
    """Delete tries at passwords that count no more."""
    await PasswordGuessService(uow).forget_old()
