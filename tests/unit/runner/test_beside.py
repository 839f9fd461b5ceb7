"""A command beside the agent: what it sees, how it ends, and signals from outside. By the runner's own entry."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from toolkit.paths import runner_source
from toolkit.runner import beside, variables
from toolkit.runner.spawning import signal_group, spawn

START = "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1]); from runner import beside; "
RUN = START + "sys.exit(beside.run(Path(sys.argv[2]), sys.argv[3], sys.argv[4:]))"


def argv(folder: Path, *command: str, token: str = "token") -> list[str]:
    return [sys.executable, "-c", RUN, str(runner_source().parent), str(folder), token, *command]


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv(folder, *command), capture_output=True, text=True, timeout=30, check=False)


def test_it_sees_what_hooks_set_and_its_exit_code_is_its_own(tmp_path: Path) -> None:
    variables.keep(tmp_path, {"FROM_HOOK": "two words"})
    done = run(tmp_path, "sh", "-c", 'echo "$FROM_HOOK"; exit 7')
    assert (done.returncode, done.stdout) == (7, "two words\n")


def test_what_is_not_there_or_no_program_is_told_by_its_code(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("no program")
    done = run(tmp_path, "no-such-program")
    assert (done.returncode, done.stderr) == (127, "no-such-program: not found in the session\n")
    done = run(tmp_path, str(tmp_path / "plain"))
    assert (done.returncode, done.stderr) == (126, f"{tmp_path}/plain: Permission denied\n")


def test_a_signal_reaches_the_command_and_what_it_started(tmp_path: Path) -> None:
    task = f"trap 'exit 9' TERM; sleep 600 & echo $! > {tmp_path}/child; wait"
    with subprocess.Popen(argv(tmp_path, "sh", "-c", task)) as process:
        deadline = time.monotonic() + 20
        while not _is(tmp_path / "child", "sleep"):  # before its exec it has the shell's trap, and would go on
            assert time.monotonic() < deadline
        assert beside.send_signal(tmp_path, "token", signal.SIGTERM) == 0
        assert process.wait(20) == 9
    child = tmp_path / "child"
    while _runs(int(child.read_text())):
        assert time.monotonic() < deadline


def test_a_signal_for_what_is_gone_says_so(tmp_path: Path) -> None:
    assert beside.send_signal(tmp_path, "nobody", signal.SIGTERM) == 1
    run(tmp_path, "true")
    assert beside.send_signal(tmp_path, "token", signal.SIGTERM) == 1


def test_notes_of_commands_that_are_gone_are_swept_out(tmp_path: Path) -> None:
    run(tmp_path, "true")
    subprocess.run(argv(tmp_path, "true", token="second"), check=True)
    assert [one.name for one in (tmp_path / "beside").iterdir()] == ["second"]


def test_what_is_spawned_leads_a_group_and_is_the_first_to_go_when_memory_ends() -> None:
    own = _score("self")
    with spawn(["sh", "-c", "cat /proc/self/oom_score_adj; sleep 600 & wait"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert int(process.stdout.readline()) == max(500, own)
        assert _score("self") == own
        signal_group(process.pid, signal.SIGKILL)
        assert process.wait(20) == -signal.SIGKILL
    signal_group(process.pid, signal.SIGKILL)  # nobody is left: no error


def test_a_program_that_is_not_there_is_an_error_of_the_system() -> None:
    own = _score("self")
    with pytest.raises(FileNotFoundError):
        spawn(["/no/such/program"])
    assert _score("self") == own


def _score(process: str) -> int:
    return int(Path(f"/proc/{process}/oom_score_adj").read_text(encoding="ascii"))


def _is(noted: Path, program: str) -> bool:
    """Does the noted process run that program by now?"""
    try:
        return Path(f"/proc/{int(noted.read_text())}/comm").read_text().strip() == program
    except (OSError, ValueError):
        return False


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
