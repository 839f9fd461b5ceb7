"""What is read from the JSON lines of the presets' programs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from toolkit.runner.streams import ClaudeStream, CodexStream, Stream


def fed(stream: Stream, *lines: Any, size: int = 7) -> list[tuple[dict[str, Any] | None, str]]:
    """The whole, in small pieces, its last line without an end."""
    text = "\n".join(one if isinstance(one, str) else json.dumps(one) for one in lines)
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    return [found for piece in pieces for found in stream.take(piece)] + list(stream.close())


def claude(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"type": "assistant", "message": {"content": list(blocks)}}


def test_claude_is_shown_as_its_words_and_its_tools() -> None:
    stream = ClaudeStream()
    work = {"type": "tool_use", "name": "Bash", "input": {"command": "make", "description": "d"}}
    plain = {"type": "tool_use", "name": "Odd", "input": {}}
    found = fed(stream, claude({"type": "text", "text": "I look"}, work), claude(plain), {"type": "user"})
    assert [text for _, text in found] == ["I look\n▸ Bash make\n", "▸ Odd\n", ""]
    assert stream.outcome is None


@pytest.mark.parametrize(
    ("result", "outcome", "complaint"),
    [
        ({"subtype": "success", "is_error": False, "result": "fine"}, True, ""),
        ({"subtype": "success", "is_error": True, "result": "API Error: 401"}, False, "API Error: 401"),
        ({"subtype": "error_max_turns"}, False, "error_max_turns"),
    ],
)
def test_claudes_result_says_how_it_ended(result: dict[str, Any], outcome: bool, complaint: str) -> None:
    stream = ClaudeStream()
    fed(stream, {"type": "result", **result})
    assert (stream.outcome, stream.complaint) == (outcome, complaint)


def test_codex_is_shown_as_its_words_its_commands_and_its_errors() -> None:
    ids: list[str] = []
    stream = CodexStream(ids.append)
    work = {"type": "command_execution", "command": "make"}
    found = fed(
        stream,
        {"type": "thread.started", "thread_id": "t1"},
        {"type": "item.started", "item": work},
        {"type": "item.completed", "item": work},
        {"type": "item.completed", "item": {"type": "agent_message", "text": "done\n"}},
        {"type": "error", "message": "Reconnecting"},
        {"type": "turn.completed"},
    )
    assert [text for _, text in found if text] == ["▸ make\n", "done\n", "! Reconnecting\n"]
    assert ids == ["t1"]
    assert stream.outcome is True


def test_codexs_failure_says_why() -> None:
    stream = CodexStream(lambda _: None)
    fed(stream, {"type": "turn.failed", "error": {"message": "no such model"}})
    assert (stream.outcome, stream.complaint) == (False, "no such model")


@pytest.mark.parametrize("line", ["no JSON", "[1, 2]", "{half"])
def test_what_is_no_event_is_passed_on_as_it_is(line: str) -> None:
    assert fed(ClaudeStream(), line, {"type": "user"})[0] == (None, f"{line}\n")


@pytest.mark.parametrize("event", [{}, {"type": "assistant"}, {"type": "assistant", "message": {"content": [{}]}}])
def test_a_form_that_is_not_known_is_kept_and_not_shown(event: dict[str, Any]) -> None:
    assert fed(ClaudeStream(), event) == [(event, "")]


def test_a_line_without_end_is_let_go() -> None:
    stream = ClaudeStream()
    found = list(stream.take("x" * (9 << 20)))
    assert [(event, len(text)) for event, text in found] == [(None, 9 << 20)]
    assert list(stream.close()) == []


def test_a_long_command_is_shown_in_part() -> None:
    work = {"type": "tool_use", "name": "Bash", "input": {"command": "x" * 9000}}
    assert len(fed(ClaudeStream(), claude(work))[0][1]) <= 501
