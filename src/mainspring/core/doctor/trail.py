"""The audit trail: its newest rows are as they were written, each has its place, and checkpoints are signed."""

from datetime import timedelta

from .. import clock
from ..audit.findings import name_of
from ..audit.seals import Seals
from ..audit.statements import HEADS
from ..audit.verifying import Verifier
from ..context import Context
from ..token_keys.keeper import TokenKeyKeeper
from .finding import Finding
from .patient import Patient

NEWEST = 1000
PATIENCE = timedelta(minutes=5)
WAITING = 1000


async def about_trail(patient: Patient) -> list[Finding]:
    """Look at the last thousand rows of each chain; `mainspring audit verify` looks at all."""
    application, found = patient.application, []
    if patient.settings.jwt_private_key is None and not (patient.has_default and await _has_keys(patient)):
        return []  # told elsewhere, and nothing could be judged
    for name, database in patient.databases.items():
        verifier = Verifier(database, application.resolve(Seals))
        for verdict in await verifier.run(newest=NEWEST):
            found += [
                Finding(f"{name}, {name_of(one.chain)}: {one.sentence}", "mainspring audit verify; see docs/guides/audit.md.")
                for one in verdict.findings
            ]
        if (waiting := await verifier.waiting()) > WAITING:
            found.append(Finding(f"{waiting} rows of the trail of {name} wait for their place.", "Start mainspring serve."))
        async with database.reading(Context()) as uow:
            heads = await uow.all(HEADS)
        late = clock.now() - application.settings.audit.sign_every - PATIENCE
        for head in heads:
            if head.seq > head.signed_seq and (head.signed_at is None or head.signed_at < late):
                sentence = f"The chain {name_of(head.id)} of {name} has rows behind its last signed checkpoint."
                found.append(Finding(sentence, "A running mainspring serve or mainspring worker signs them."))
    return found


async def _has_keys(patient: Patient) -> bool:
    return await patient.application.resolve(TokenKeyKeeper).look()
