"""Programs that we start: what becomes of them when we are interrupted or killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from toolkit import process
from toolkit.errors import ToolkitError

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS = 30.0
_ROOT = Path(__file__).resolve().parents[2]
_CLIENT = """
import sys
from toolkit import process
process.run(sys.argv[1:], timeout=60, on_line=print, interrupt_seconds=20)
"""
_ORDERLY = """
trap 'echo more; echo in order >"$1.end"; exit 0' INT
echo $$ >"$1.new"; mv "$1.new" "$1"
while :; do sleep 0.05; done
"""
_DEAF = """
trap '' INT
echo $$ >"$1.new"; mv "$1.new" "$1"
while :; do sleep 0.05; done
"""


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def is_gone(pid: int) -> bool:
    """Ended, reaped or not: who reaps an orphan is not ours to say."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def client(script: str, mark: Path, seconds: float = 20) -> subprocess.Popen[bytes]:
    """A process that runs the script by `process.run`, begun."""
    code = _CLIENT.replace("interrupt_seconds=20", f"interrupt_seconds={seconds}")
    started = subprocess.Popen([sys.executable, "-c", code, "sh", "-c", script, "sh", str(mark)], cwd=_ROOT)
    until(mark.exists)
    return started


def test_a_program_ends_in_order_when_we_are_killed(tmp_path: Path) -> None:
    mark = tmp_path / "begun"
    killed = client(_ORDERLY, mark)
    killed.kill()
    killed.wait(timeout=SECONDS)
    until(lambda: is_gone(int(mark.read_text())))
    assert Path(f"{mark}.end").read_text() == "in order\n"


def test_one_that_does_not_is_ended_all_the_same(tmp_path: Path) -> None:
    mark = tmp_path / "begun"
    killed = client(_DEAF, mark, seconds=1)
    killed.kill()
    killed.wait(timeout=SECONDS)
    until(lambda: is_gone(int(mark.read_text())))


def test_an_interrupt_is_handed_on_once_and_waited_for(tmp_path: Path) -> None:
    mark = tmp_path / "begun"
    interrupted = client(_ORDERLY, mark)
    interrupted.send_signal(signal.SIGINT)
    interrupted.wait(timeout=SECONDS)
    assert is_gone(int(mark.read_text()))
    assert Path(f"{mark}.end").read_text() == "in order\n"


def test_what_has_ended_by_itself_needs_no_watcher() -> None:
    argv = ("sh", "-c", "echo out; echo err >&2; exit 3")
    done = process.run(argv, timeout=SECONDS, check=False, interrupt_seconds=9)
    assert (done.returncode, done.stdout, done.stderr) == (3, "out\n", "err\n")


def test_what_is_missing_is_named_and_leaves_no_watcher() -> None:
    with pytest.raises(ToolkitError, match="'no-such-program' is not installed"):
        process.run(("no-such-program",), timeout=SECONDS, interrupt_seconds=9)


def test_what_takes_too_long_is_ended() -> None:
    with pytest.raises(ToolkitError, match=r"'sleep 60' did not end within 0\.2 s"):
        process.run(("sleep", "60"), timeout=0.2, interrupt_seconds=9)


@pytest.mark.parametrize("delay", [0.0, 0.002, 0.005, 0.01, 0.02, 0.05])
def test_an_interrupt_while_a_program_starts_leaves_none_behind(tmp_path: Path, delay: float) -> None:
    mark = tmp_path / "begun"
    code = _CLIENT.replace("import sys", "import sys; print('ready', flush=True)").replace("60", "60.0")
    argv = [sys.executable, "-c", code, "sh", "-c", _ORDERLY, "sh", str(mark)]
    with subprocess.Popen(argv, cwd=_ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as interrupted:
        assert interrupted.stdout is not None
        interrupted.stdout.readline()
        time.sleep(delay)
        interrupted.send_signal(signal.SIGINT)
        interrupted.wait(timeout=SECONDS)
    assert not mark.exists() or is_gone(int(mark.read_text()))
