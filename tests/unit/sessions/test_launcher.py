from __future__ import annotations

import os
import subprocess
import sys

from toolkit.sessions import launcher


def test_a_living_process_is_not_gone() -> None:
    assert not launcher.is_gone(launcher.mark())


def test_a_dead_process_is_gone() -> None:
    code = "from toolkit.sessions import launcher; print(launcher.mark())"
    mark = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert launcher.is_gone(mark)


def test_a_reused_process_id_is_gone() -> None:
    host, pid, _ = launcher.mark().split(":")
    assert pid == str(os.getpid())
    assert launcher.is_gone(f"{host}:{pid}:1")


def test_another_hosts_process_is_never_called_gone() -> None:
    assert not launcher.is_gone("elsewhere:1:1")
    assert not launcher.is_gone("")
    assert not launcher.is_gone("nonsense")
