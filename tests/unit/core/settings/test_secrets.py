"""R-087: secrets made once, whatever races for them."""

from concurrent.futures import ThreadPoolExecutor

from mainspring.core.settings import keep_secret, load_settings
from mainspring.core.settings.secrets import keep_first, put_in_front


def test_processes_that_start_together_share_one_secret(tmp_path):
    with ThreadPoolExecutor(16) as pool:
        made = set(pool.map(lambda _: keep_secret(tmp_path, "together"), range(64)))

    assert len(made) == 1
    assert [file.name for file in (tmp_path / "keys").iterdir()] == ["together"]


def test_a_kept_secret_gets_one_in_front_and_loses_the_older_ones(tmp_path):
    first = load_settings(environ={}, directory=tmp_path, modules=[]).session_secret

    assert put_in_front(tmp_path / ".mainspring", "session_secret") == 2
    both = load_settings(environ={}, directory=tmp_path, modules=[]).session_secret
    assert keep_first(tmp_path / ".mainspring", "session_secret") == 1
    left = load_settings(environ={}, directory=tmp_path, modules=[]).session_secret

    assert len(both) == 2
    assert both[1:] == first
    assert left == both[:1]
    assert keep_first(tmp_path / ".mainspring", "session_secret") == 0
    assert keep_first(tmp_path / ".mainspring", "never_made") == 0


def test_nobody_loses_a_secret_when_several_put_one_in_front(tmp_path):
    keep_secret(tmp_path, "together")

    with ThreadPoolExecutor(16) as pool:
        counts = sorted(pool.map(lambda _: put_in_front(tmp_path, "together"), range(16)))

    assert counts == list(range(2, 18))
    assert (tmp_path / "keys" / "together").stat().st_mode & 0o777 == 0o600
