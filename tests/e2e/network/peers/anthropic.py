"""The Messages API, as far as claude needs it: https://docs.anthropic.com/en/api/messages and its streaming events."""

from __future__ import annotations

import json
import re
import time
from typing import Any

PATH = "/v1/messages"
_REMARK = re.compile(r"<(system-reminder|session-start-hook)>.*?</\1>", re.DOTALL)
_USAGE = {"input_tokens": 10, "output_tokens": 5, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0}


def said(request: dict[str, Any]) -> list[str]:
    """The user's own texts, without the remarks that the program adds and what hooks said."""
    texts = [text for role, text in told(request) if role == "user"]
    return [text for text in (_REMARK.sub("", one).strip() for one in texts) if text]


def told(request: dict[str, Any]) -> list[tuple[str, str]]:
    """All that the model is told, in its order: role, text."""
    system = [("system", text) for text in _texts(request.get("system") or [])]
    return system + [(one["role"], text) for one in request["messages"] for text in _texts(one["content"])]


def result(request: dict[str, Any]) -> str | None:
    """What the tool that was called last said; None where the last word is somebody's text."""
    last = next((one for one in reversed(request["messages"]) if one["role"] == "user"), None)
    blocks = last["content"] if last and isinstance(last["content"], list) else []
    found = [one["content"] for one in blocks if one.get("type") == "tool_result"]
    return json.dumps(found[-1]) if found else None


def call(request: dict[str, Any], command: str) -> dict[str, Any] | None:
    """A call of the shell; None where none is offered."""
    if not any(one.get("name") == "Bash" for one in request.get("tools", [])):
        return None
    words = {"command": command, "description": "run it"}
    return {"type": "tool_use", "id": f"toolu_{time.time_ns()}", "name": "Bash", "input": words}


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def events(request: dict[str, Any], block: dict[str, Any]) -> list[dict[str, Any]]:
    """One message with one block, as a stream."""
    message = {"id": f"msg_{time.time_ns()}", "type": "message", "role": "assistant", "model": request["model"]}
    message |= {"content": [], "stop_reason": None, "stop_sequence": None, "usage": _USAGE}
    if block["type"] == "text":
        begin, piece = {**block, "text": ""}, {"type": "text_delta", "text": block["text"]}
    else:
        begin, piece = {**block, "input": {}}, {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
    reason = "end_turn" if block["type"] == "text" else "tool_use"
    return [
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0, "content_block": begin},
        {"type": "content_block_delta", "index": 0, "delta": piece},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}, "usage": _USAGE},
        {"type": "message_stop"},
    ]


def refusal(message: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": "invalid_request_error", "message": message}}


def _texts(content: Any) -> list[str]:
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    return [one["text"] for one in blocks if one.get("type") == "text"]
