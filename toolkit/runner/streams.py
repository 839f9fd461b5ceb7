"""The JSON lines that the presets' programs print: what they did, for people, and how the turn ended."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_LONGEST_LINE = 8 << 20
_SHOWN = 500


class Stream:
    """Give it the stdout in pieces; it gives back `(event, text)` for a line of JSON, `(None, text)` for any other.

    `text` is what a person wants to read of the line, with its line's end; it may be empty.
    `outcome` is None until a final result came, then whether it was a success; `complaint` what it said if not.
    """

    def __init__(self) -> None:
        self._rest = ""
        self.outcome: bool | None = None
        self.complaint = ""

    def take(self, text: str) -> Iterator[tuple[dict[str, Any] | None, str]]:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            yield self._read(line + "\n")
        if len(self._rest) > _LONGEST_LINE:
            whole, self._rest = self._rest, ""
            yield None, whole

    def close(self) -> Iterator[tuple[dict[str, Any] | None, str]]:
        if self._rest:
            whole, self._rest = self._rest, ""
            yield self._read(whole)

    def _read(self, line: str) -> tuple[dict[str, Any] | None, str]:
        try:
            event = json.loads(line)
        except ValueError:
            return None, line
        if not isinstance(event, dict):
            return None, line
        try:
            text = self._understand(event)
        except (KeyError, TypeError, AttributeError):  # a form that this version does not know: kept, not shown
            text = ""
        return event, text if not text or text.endswith("\n") else text + "\n"

    def _understand(self, event: Mapping[str, Any]) -> str:
        raise NotImplementedError


class ClaudeStream(Stream):
    def _understand(self, event: Mapping[str, Any]) -> str:
        if event["type"] == "assistant":
            return "\n".join(filter(None, (_block(one) for one in event["message"]["content"])))
        if event["type"] == "result":
            self.outcome = event.get("subtype") == "success" and not event.get("is_error")
            if not self.outcome:
                self.complaint = str(event.get("result") or event.get("subtype"))
        return ""


def _block(block: Mapping[str, Any]) -> str:
    if block["type"] == "text":
        return str(block["text"])
    if block["type"] == "tool_use":
        words = block.get("input") or {}
        first = next((str(words[key]) for key in ("command", "file_path", "pattern", "url") if key in words), "")
        return f"▸ {block['name']} {first}"[:_SHOWN].rstrip()
    return ""


class CodexStream(Stream):
    """`remember` gets the id of the conversation as soon as it is said."""

    def __init__(self, remember: Callable[[str], None]) -> None:
        super().__init__()
        self._remember = remember

    def _understand(self, event: Mapping[str, Any]) -> str:
        kind = event["type"]
        if kind == "thread.started":
            self._remember(str(event["thread_id"]))
        elif kind == "turn.completed":
            self.outcome = True
        elif kind == "turn.failed":
            self.outcome = False
            self.complaint = str((event.get("error") or {}).get("message", ""))
        elif kind == "error":
            return f"! {event.get('message', '')}"
        elif kind == "item.started" and event["item"]["type"] == "command_execution":
            return f"▸ {event['item'].get('command', '')}"[:_SHOWN]
        elif kind == "item.completed" and event["item"]["type"] == "agent_message":
            return str(event["item"]["text"])
        return ""
