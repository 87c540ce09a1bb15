"""The successor of a refresh token can be read with its parent only."""

from mainspring.core import ids
from mainspring.modules.auth.sealing import seal, unseal

SESSION = ids.new()


def test_the_parent_opens_what_was_sealed():
    assert unseal(seal("next", "parent", SESSION), "parent", SESSION) == "next"


def test_another_token_or_session_opens_nothing():
    sealed = seal("next", "parent", SESSION)

    assert unseal(sealed, "other", SESSION) is None
    assert unseal(sealed, "parent", ids.new()) is None


def test_sealing_twice_never_looks_alike():
    assert seal("next", "parent", SESSION) != seal("next", "parent", SESSION)
