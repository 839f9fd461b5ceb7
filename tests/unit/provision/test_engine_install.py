from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from toolkit.provision import engine_install

OWN_NAME = Path("/proc/self/comm")


@pytest.mark.skipif(not OWN_NAME.exists(), reason="process names are read from /proc")
def test_only_pid_files_of_living_processes_of_that_program_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = OWN_NAME.read_text().strip()
    living, reused, nonsense = (tmp_path / name for name in ("living.pid", "reused.pid", "nonsense.pid"))
    living.write_text(str(os.getpid()))
    reused.write_text(str(os.getpid()))
    nonsense.write_text("?")
    assert engine_install._names(living, own)
    monkeypatch.setattr(engine_install, "_PID_FILE", reused)
    monkeypatch.setattr(engine_install, "_CONTAINERD_PID_FILE", nonsense)
    engine_install._drop_stale_pid_files()
    assert not reused.exists()
    assert not nonsense.exists()
    assert living.exists()


@pytest.mark.skipif(not OWN_NAME.exists(), reason="process names are read from /proc")
def test_a_process_that_nobody_has_waited_for_does_not_live(tmp_path: Path) -> None:
    """A killed engine stays one where nobody collects orphans, as in a container without an init."""
    pid_file = tmp_path / "engine.pid"
    with subprocess.Popen(["sleep", "60"]) as child:
        pid_file.write_text(str(child.pid))
        deadline = time.monotonic() + 10
        while not engine_install._names(pid_file, "sleep"):  # between fork and exec it has our name
            assert time.monotonic() < deadline
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert not engine_install._names(pid_file, "sleep")
