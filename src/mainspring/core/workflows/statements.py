"""The questions to the tables of workflows."""

from typing import Any

from sqlalchemy import BigInteger, case, delete, func, or_, select, update

from ..database import Listing, Statement, bind, insert_into, update_of
from ..jobs.models import Job
from .instance import CARRIED, ENDED, Count, Instance, Memo, Signal
from .models import Workflow, WorkflowSignal, WorkflowStep

COLUMNS = tuple(getattr(Workflow, name) for name in Instance.__slots__)
MEMO_COLUMNS = tuple(getattr(WorkflowStep, name) for name in Memo.__slots__)
SAVED = (
    "state",
    "step",
    "waiting_for",
    "wake_at",
    "resume_at",
    "attempts",
    "trouble",
    "output",
    "error",
    "job_id",
    "finished_at",
)

_IS_THIS = Workflow.id == bind("id", Workflow.id)
_GOES_ON = or_(*(Workflow.state == state for state in CARRIED))
_HAS_ENDED = or_(*(Workflow.state == state for state in ENDED))

CREATE: Statement[Any] = Statement(insert_into(Workflow).on_conflict_do_nothing(index_elements=["name", "key"]))
BY_ID: Statement[Instance] = Statement(select(*COLUMNS).where(_IS_THIS), Instance)
BY_KEY: Statement[Instance] = Statement(
    select(*COLUMNS).where(Workflow.name == bind("name", Workflow.name), Workflow.key == bind("key", Workflow.key)), Instance
)
MEMOS: Statement[Memo] = Statement(
    select(*MEMO_COLUMNS)
    .where(WorkflowStep.workflow_id == bind("workflow_id", WorkflowStep.workflow_id))
    .order_by(WorkflowStep.seq),
    Memo,
)
# Whoever carries a workflow names its epoch with every write, and taking over counts it up: a process that was stopped past
# its lease changes no row, so its unit is rolled back with everything in it.
TAKE_OVER: Statement[Instance] = Statement(
    update_of(Workflow)
    .where(_IS_THIS, Workflow.job_id == bind("job_id", Workflow.job_id), _GOES_ON)
    .values(epoch=Workflow.epoch + 1, resume_at=None)
    .returning(*COLUMNS),
    Instance,
)
SAVE: Statement[bool] = Statement(
    update_of(Workflow)
    .where(_IS_THIS, Workflow.epoch == bind("epoch", Workflow.epoch), _GOES_ON)
    .values({name: bind(name, getattr(Workflow, name)) for name in SAVED})
    .returning(Workflow.cancel_asked),
    bool,
)
KEEP_STEPS: Statement[Any] = Statement(insert_into(WorkflowStep))
MARK_UNDONE: Statement[Any] = Statement(
    update(WorkflowStep)
    .where(
        WorkflowStep.workflow_id == bind("workflow_id", WorkflowStep.workflow_id),
        WorkflowStep.seq == bind("seq", WorkflowStep.seq),
    )
    .values(undone_at=bind("undone_at", WorkflowStep.undone_at))
)
SEND: Statement[Any] = Statement(insert_into(WorkflowSignal))
WAITING_SIGNAL: Statement[Signal] = Statement(
    select(WorkflowSignal.id, WorkflowSignal.payload)
    .where(
        WorkflowSignal.workflow_id == bind("workflow_id", WorkflowSignal.workflow_id),
        WorkflowSignal.name == bind("name", WorkflowSignal.name),
        WorkflowSignal.taken_by.is_(None),
    )
    .order_by(WorkflowSignal.id)
    .limit(1),
    Signal,
)
TAKE_SIGNAL: Statement[Any] = Statement(
    update(WorkflowSignal)
    .where(WorkflowSignal.id == bind("id", WorkflowSignal.id))
    .values(taken_by=bind("taken_by", WorkflowSignal.taken_by))
)
# Locks the row, so that a signal and a workflow that is about to wait see each other in one order or the other.
TOUCH: Statement[Instance] = Statement(
    update(Workflow).where(_IS_THIS, ~_HAS_ENDED).values(name=Workflow.name).returning(*COLUMNS), Instance
)
RESUME: Statement[Any] = Statement(
    update_of(Workflow)
    .where(_IS_THIS, Workflow.state == "stuck")
    .values(
        state=case((Workflow.error.is_(None), "running"), else_="undoing"),
        attempts=0,
        trouble=None,
        job_id=bind("job_id", Workflow.job_id),
        resume_at=bind("resume_at", Workflow.resume_at),
    )
)
ASK_TO_CANCEL: Statement[Any] = Statement(update_of(Workflow).where(_IS_THIS).values(cancel_asked=True))
LISTED = Listing(
    select(*COLUMNS),
    Instance,
    filters={"state": Workflow.state == bind("state", Workflow.state), "name": Workflow.name == bind("name", Workflow.name)},
    sorts={"started": Workflow.id},
    default="-started",
    key=Workflow.id,
)
FORGET_OLD: Statement[Any] = Statement(
    delete(Workflow).where(
        Workflow.id.in_(
            select(Workflow.id)
            .where(_HAS_ENDED, Workflow.finished_at < bind("before", Workflow.finished_at))
            .order_by(Workflow.finished_at)
            .limit(bind("limit", BigInteger()))
        )
    )
)
_JOB = select(Job.id).where(Job.id == Workflow.job_id, Job.finished_at.is_(None)).correlate(Workflow)
ABANDONED: Statement[Instance] = Statement(select(*COLUMNS).where(_GOES_ON, ~_JOB.exists()).limit(100), Instance)
MARK_STUCK: Statement[Any] = Statement(
    update_of(Workflow)
    .where(
        _IS_THIS,
        _GOES_ON,
        Workflow.job_id == bind("job_id", Workflow.job_id),
        Workflow.epoch == bind("epoch", Workflow.epoch),
        ~_JOB.exists(),
    )
    .values(state="stuck", trouble=bind("trouble", Workflow.trouble))
)
ERROR_OF_JOB: Statement[Any] = Statement(select(Job.error).where(Job.id == bind("id", Job.id)), str)
STUCK: Statement[int] = Statement(select(func.count()).select_from(Workflow).where(Workflow.state == "stuck"), int)
OPEN_ONES: Statement[Count] = Statement(
    select(Workflow.name, Workflow.state, func.count().label("count"))
    .where(or_(_GOES_ON, Workflow.state == "stuck"))
    .group_by(Workflow.name, Workflow.state),
    Count,
)
