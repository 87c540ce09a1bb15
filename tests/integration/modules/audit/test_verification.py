"""`GET /audit/verification`."""

from datetime import timedelta

import pytest

from mainspring.core.audit.chaining import Chainer
from mainspring.core.audit.seals import Seals

VERIFICATION = "/api/v1/audit/verification"


@pytest.fixture
async def chainer(application):
    return Chainer(application.database, application.resolve(Seals), every=timedelta(minutes=1), rows=1000)


async def test_a_whole_trail_is_told(app, admin, chainer):
    rows = await chainer.chain_all()
    await chainer.sign_due()

    body = (await app.as_(admin).get(VERIFICATION)).json()

    assert (body["isWhole"], body["isComplete"], body["waitingRows"]) == (True, True, 0)
    (chain,) = body["chains"]
    assert (chain["tenant"], chain["firstSeq"], chain["lastSeq"], chain["rows"], chain["signedSeq"]) == (
        None,
        1,
        rows,
        rows,
        rows,
    )
    assert len(chain["hash"]) == 64


async def test_an_altered_row_is_named(app, admin, chainer, tamper):
    await chainer.chain_all()
    await tamper("UPDATE core_audit_log SET action = 'NOTHING' WHERE seq = 2")

    body = (await app.as_(admin).get(VERIFICATION)).json()

    assert body["isWhole"] is False
    (finding,) = body["chains"][0]["findings"]
    assert (finding["kind"], finding["seq"]) == ("altered", 2)
    assert finding["id"] in finding["message"]


async def test_only_so_many_of_the_newest_rows_are_looked_at(app, ada, admin, chainer):
    await chainer.chain_all()
    await chainer.sign_due(now=True)
    for name in ("Ada King", "Ada Byron"):
        await app.as_(ada).patch("/api/v1/users/me", json={"name": name})
    rows = await chainer.chain_all()
    await chainer.sign_due(now=True)

    body = (await app.as_(admin).get(VERIFICATION, params={"rows": rows})).json()

    assert (body["isWhole"], body["isComplete"]) == (True, False)
    assert body["chains"][0]["rows"] == rows
    assert (await app.as_(admin).get(VERIFICATION, params={"rows": 100_001})).status_code == 422
