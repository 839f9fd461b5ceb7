from __future__ import annotations

import json
from typing import TYPE_CHECKING

from toolkit.runner.state import State

if TYPE_CHECKING:
    from pathlib import Path


def test_the_file_is_replaced_whole(tmp_path: Path) -> None:
    state = State(tmp_path / "state.json")
    state.update(state="running", turns=1)
    assert json.loads((tmp_path / "state.json").read_text())["state"] == "running"
    assert not (tmp_path / "state.new").exists()


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    State(tmp_path / "state.json").update(turns=3, exit_code=4)
    again = State(tmp_path / "state.json").fields
    assert (again["turns"], again["exit_code"]) == (3, 4)


def test_where_no_new_file_can_be_made_the_old_one_is_written_over(tmp_path: Path) -> None:
    state = State(tmp_path / "state.json")
    state.update(state="running", reason="x" * 200)
    size = (tmp_path / "state.json").stat().st_size
    (tmp_path / "state.new").mkdir()  # as on a full disk: the staged file cannot be written
    state.update(state="failed", reason="")
    assert json.loads((tmp_path / "state.json").read_text())["state"] == "failed"
    assert (tmp_path / "state.json").stat().st_size == size
