"""The statements that move a job through its states.

Each that ends a run names the token and counts it up, so a lost lease writes nothing and nothing is ended twice. The token is
enough: naming the state too would let PostgreSQL look through the index of running rows instead of the key's.
"""

from uuid import UUID

from sqlalchemy import case, exists, func, select

from ..database.statement import Statement, bind, insert_into, update_of
from .models import ALONE, BLOCKED, DONE, LIMITED, OPEN, READY, RUNNING, WAITING, Job
from .rows import ClaimedJob, Peek

PROMOTED_AT_ONCE = 1000
GIVEN = (
    "name",
    "payload_version",
    "payload",
    "queue",
    "priority",
    "track",
    "run_at",
    "max_attempts",
    "timeout_ms",
    "lane",
    "lane_seq",
    "dedup_key",
    "concurrency_key",
    "owner_id",
    "request_id",
    "traceparent",
)
FRESH = {"failures": 0, "crashes": 0, "cancel_requested": False}
CLAIMED = tuple(getattr(Job, name) for name in ClaimedJob.__dataclass_fields__)

_IS_IT = (Job.id == bind("id", Job.id), Job.token == bind("token", Job.token))
_ENDED = {"token": Job.token + 1, "worker": None}
_ADD = insert_into(Job, *GIVEN, "state").values(token=0, **FRESH)

# A row of a lane is blocked while an earlier one is unfinished. Whoever adds to a lane holds a row that serialises it, so no
# earlier one can be on its way unseen; whoever ends one looks again afterwards (`lanes`).
_other = Job.__table__.alias("other")
_BEHIND = exists(select(1).select_from(_other).where(_other.c.lane == bind("lane", Job.lane), _other.c.finished_at.is_(None)))

ADD: Statement[None] = Statement(_ADD)
ADD_ONCE: Statement[None] = Statement(_ADD.on_conflict_do_nothing())
ADD_TO_LANE: Statement[None] = Statement(
    _ADD.values(state=case((_BEHIND, BLOCKED), else_=bind("state", Job.state))).on_conflict_do_nothing()
)
ADD_HELD: Statement[None] = Statement(insert_into(Job, *GIVEN, "worker", "started_at").values(state=RUNNING, token=1, **FRESH))

GUARD = Statement(select(Job.token).where(*_IS_IT).with_for_update(read=True), int)
PROGRESS = Statement(
    update_of(Job).where(*_IS_IT).values(progress=bind("progress", Job.progress)).returning(Job.cancel_requested), bool
)
_FINISH = (
    update_of(Job)
    .where(*_IS_IT)
    .values(state=DONE, finished_at=bind("now", Job.finished_at), expires_at=bind("expires_at", Job.expires_at), **_ENDED)
)
FINISH: Statement[None] = Statement(_FINISH)
FINISHED_ID = Statement(_FINISH.returning(Job.id), UUID)
SETTLE: Statement[None] = Statement(
    update_of(Job)
    .where(*_IS_IT)
    .values(
        state=bind("state", Job.state),
        track=bind("track", Job.track),
        run_at=bind("run_at", Job.run_at),
        failures=bind("failures", Job.failures),
        crashes=bind("crashes", Job.crashes),
        error=bind("error", Job.error),
        finished_at=bind("finished_at", Job.finished_at),
        expires_at=bind("expires_at", Job.expires_at),
        **_ENDED,
    )
)

GIVE_BACK: Statement[None] = Statement(update_of(Job).where(*_IS_IT).values(state=READY, **_ENDED))
GIVE_BACK_ALL: Statement[None] = Statement(
    update_of(Job).where(Job.worker == bind("mine", Job.worker), Job.state == RUNNING).values(state=READY, **_ENDED)
)

HEAD = (
    select(Job.id)
    .where(Job.lane == bind("lane", Job.lane), Job.finished_at.is_(None))
    .order_by(Job.lane_seq, Job.id)
    .limit(1)
    .scalar_subquery()
)
# A replayed row may stand in front of one that runs: the lane goes on only when nothing else of it moves.
NOTHING_MOVES = ~exists(
    select(1)
    .select_from(_other)
    .where(
        _other.c.lane == bind("lane", Job.lane),
        _other.c.lane.is_not(None),
        _other.c.finished_at.is_(None),
        _other.c.state != BLOCKED,
        _other.c.id != Job.id,
    )
)
OPEN_LANE: Statement[None] = Statement(
    update_of(Job)
    .where(Job.id == HEAD, Job.state == BLOCKED, NOTHING_MOVES)
    .values(state=case((Job.run_at <= bind("now", Job.run_at), READY), else_=WAITING))
)
DUE = (
    select(Job.id)
    .where(Job.state == WAITING, Job.run_at <= bind("now", Job.run_at))
    .order_by(Job.run_at)
    .limit(PROMOTED_AT_ONCE)
    .with_for_update(skip_locked=True)
    .cte("due")
)
PROMOTE: Statement[None] = Statement(update_of(Job).where(Job.id.in_(select(DUE.c.id)), Job.state == WAITING).values(state=READY))
PEEK = Statement(
    select(
        exists(select(1).where(Job.state == READY, Job.track == OPEN)).label("open"),
        exists(select(1).where(Job.state == READY, Job.track == LIMITED)).label("limited"),
        exists(select(1).where(Job.state == READY, Job.track == ALONE)).label("alone"),
        select(func.min(Job.run_at)).where(Job.state == WAITING).scalar_subquery().label("due"),
    ),
    Peek,
)
