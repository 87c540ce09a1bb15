"""deploy/rolling-restart takes one server away at a time (R-321)."""

import subprocess
from pathlib import Path

from tools.check_deployment import ROOT

DEPLOY = ROOT / "deploy"


class TestRollingRestart:
    """deploy/rolling-restart, with a stand-in for nginx and for the service manager."""

    SCRIPT = DEPLOY / "rolling-restart"

    def run(self, folder: Path, text: str, restart: str = "echo restarting ", *ports: str) -> "subprocess.CompletedProcess[str]":
        (folder / "upstream").write_text(text)
        environment = {
            "PATH": "/usr/bin:/bin",
            "UPSTREAM": str(folder / "upstream"),
            "RELOAD": f"cat {folder / 'upstream'}",
            "RESTART": restart,
            "PAUSE": "0",
        }
        return subprocess.run([self.SCRIPT, *ports], env=environment, text=True, capture_output=True, timeout=10)

    def test_one_is_down_at_a_time_and_all_are_back(self, tmp_path: Path):
        shipped = (DEPLOY / "nginx" / "mainspring.upstream").read_text()

        done = self.run(tmp_path, shipped)

        one, two = (f"server 127.0.0.1:{port} max_fails=0;" for port in (8001, 8002))
        down_one, down_two = one.replace(";", " down;"), two.replace(";", " down;")
        assert done.stdout.splitlines() == [
            *(down_one, two, "restarting 8001", one, two, "8001 was restarted"),
            *(one, down_two, "restarting 8002", one, two, "8002 was restarted"),
        ]
        assert (tmp_path / "upstream").read_text() == shipped

    def test_the_last_server_is_never_taken_away(self, tmp_path: Path):
        done = self.run(tmp_path, "server 127.0.0.1:8001;\nserver 127.0.0.1:8002 down;\n")

        assert (done.returncode, done.stdout) == (1, "")
        assert (tmp_path / "upstream").read_text() == "server 127.0.0.1:8001;\nserver 127.0.0.1:8002 down;\n"

    def test_a_server_that_does_not_come_back_stays_down_and_ends_it(self, tmp_path: Path):
        done = self.run(tmp_path, "server 127.0.0.1:8001;\nserver 127.0.0.1:8002;\n", "test 0 = ")

        assert done.returncode == 1
        assert (tmp_path / "upstream").read_text() == "server 127.0.0.1:8001 down;\nserver 127.0.0.1:8002;\n"

    def test_one_can_be_named(self, tmp_path: Path):
        done = self.run(tmp_path, "server a:8001;\nserver b:8002;\n", "echo restarting ", "8002")

        assert "restarting 8002" in done.stdout
        assert "restarting 8001" not in done.stdout
