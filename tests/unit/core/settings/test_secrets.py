"""R-087: secrets made once, whatever races for them."""

from concurrent.futures import ThreadPoolExecutor

from mainspring.core.settings import keep_secret


def test_processes_that_start_together_share_one_secret(tmp_path):
    with ThreadPoolExecutor(16) as pool:
        made = set(pool.map(lambda _: keep_secret(tmp_path, "together"), range(64)))

    assert len(made) == 1
    assert [file.name for file in (tmp_path / "keys").iterdir()] == ["together"]
