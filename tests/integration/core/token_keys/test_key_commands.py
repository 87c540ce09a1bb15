"""`mainspring keys ...`."""

import pytest

from mainspring.testing.databases import environment_of_tests
from tests.integration.modules.command_line import command, live_in


@pytest.fixture
def run(database_url, tmp_path, monkeypatch, capsys):
    live_in(tmp_path, database_url, monkeypatch)
    monkeypatch.setenv("JWT_ALGORITHM", "EdDSA")
    monkeypatch.delenv("JWT_PRIVATE_KEY")
    monkeypatch.delenv("JWT_PUBLIC_KEY")
    return command("keys", capsys)


async def rows(run):
    return [line.split() for line in (await run("list")).stdout.splitlines()]


async def test_keys_are_listed_rotated_and_retired(run):
    ((first, algorithm, state, _, until),) = await rows(run)
    assert (algorithm, state, until) == ("EdDSA", "signs", "-")

    made, again = (await run("rotate")).stdout, (await run("rotate")).stdout
    second = made.split()[0]
    assert again == made.replace(" on.", " on, and was there already.")
    assert [(row[0], row[2]) for row in await rows(run)] == [(second, "next"), (first, "signs")]

    third = (await run("rotate", "--now")).stdout.split()[0]
    assert [row[2] for row in await rows(run)][::2] == ["signs", "verifies"]
    retired = (await run("retire", third, "--leaked")).stdout.splitlines()
    assert retired[0] == f"{third} has ended."
    assert retired[1].endswith("signs in its place.")
    states = {row[0]: row[2] for row in await rows(run)}
    assert (states[third], states[first]) == ("leaked", "verifies")


@pytest.mark.parametrize("id", ["nobody", "-Yk1leaked", "-BCAA4hHV", "--rest-of-an-id"])  # one id in 64 begins with a dash
async def test_an_unknown_key_is_told(run, id):
    said = await run("retire", id, "--leaked")

    assert (said.returncode, said.stderr) == (1, "There is no token key of this id.\n")


async def test_keys_of_the_environment_are_changed_there(run, monkeypatch):
    for name in ("JWT_PRIVATE_KEY", "JWT_PUBLIC_KEY"):
        monkeypatch.setenv(name, environment_of_tests()[name])
    monkeypatch.setenv("JWT_ALGORITHM", "RS256")

    ((_, algorithm, state, *_),) = await rows(run)
    refused = [await run("rotate"), await run("retire", "any")]

    assert (algorithm, state) == ("RS256", "signs")
    assert [said.returncode for said in refused] == [1, 1]
    assert all("AUDIT__PUBLIC_KEYS" in said.stderr for said in refused)
