"""The Responses API, as far as codex needs it: https://platform.openai.com/docs/api-reference/responses-streaming."""

from __future__ import annotations

import json
import re
import time
from typing import Any

PATH = "/v1/responses"
_ADDED = re.compile(r"<\w+|# AGENTS")  # how the texts begin that the program adds in the user's name
_HOOKS = re.compile(r"<session-start-hook>.*?</session-start-hook>", re.DOTALL)
_RESULTS = frozenset({"function_call_output", "custom_tool_call_output", "local_shell_call_output"})
_USAGE = {
    "input_tokens": 10,
    "input_tokens_details": {"cached_tokens": 0},
    "output_tokens": 5,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 15,
}


def said(request: dict[str, Any]) -> list[str]:
    """The user's own texts, without those that the program adds, and without what hooks said."""
    texts = [_HOOKS.sub("", text).strip() for role, text in told(request) if role == "user"]
    return [one for one in texts if one and not _ADDED.match(one)]


def told(request: dict[str, Any]) -> list[tuple[str, str]]:
    """All that the model is told, in its order: role, text."""
    first = [("system", request["instructions"])] if request.get("instructions") else []
    messages = [one for one in _input(request) if one.get("type", "message") == "message"]
    return first + [(one["role"], text) for one in messages for text in _texts(one["content"])]


def result(request: dict[str, Any]) -> str | None:
    """What the tool that was called last said; None where the last word is somebody's text."""
    last = (_input(request) or [{}])[-1]
    return json.dumps(last.get("output")) if last.get("type") in _RESULTS else None


def call(request: dict[str, Any], command: str) -> dict[str, Any] | None:
    """A call of whichever shell the program offers: that depends on the model's name; None where none is offered."""
    offered = {one.get("name") or one.get("type"): one for one in _tools(request)}
    identity = f"call_{time.time_ns()}"
    if offered.get("exec", {}).get("type") == "custom":  # this one takes a script
        script = f"text(await tools.exec_command({json.dumps({'cmd': command})}))"
        return {"type": "custom_tool_call", "id": "ctc_1", "call_id": identity, "name": "exec", "input": script}
    forms: dict[str, dict[str, Any]] = {
        "exec_command": {"cmd": command},
        "shell_command": {"command": command},
        "shell": {"command": ["bash", "-lc", command]},
    }
    name = next((one for one in forms if one in offered), None)
    if name is None:
        return None
    words = json.dumps(forms[name])
    return {"type": "function_call", "id": "fc_1", "call_id": identity, "name": name, "arguments": words}


def text(words: str) -> dict[str, Any]:
    content = [{"type": "output_text", "text": words, "annotations": []}]
    return {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": content}


def events(request: dict[str, Any], item: dict[str, Any]) -> list[dict[str, Any]]:
    """One response with one item, as a stream."""
    response = {"id": f"resp_{time.time_ns()}", "object": "response", "model": request["model"], "output": []}
    done = {**response, "status": "completed", "output": [item], "usage": _USAGE}
    return [
        {"type": "response.created", "response": {**response, "status": "in_progress"}},
        {"type": "response.output_item.added", "output_index": 0, "item": item},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": done},
    ]


def refusal(message: str) -> dict[str, Any]:
    return {"error": {"type": "invalid_request_error", "code": "invalid_request", "message": message}}


def _input(request: dict[str, Any]) -> list[dict[str, Any]]:
    found = request.get("input", [])
    return [{"role": "user", "content": found}] if isinstance(found, str) else list(found)


def _tools(request: dict[str, Any]) -> list[dict[str, Any]]:
    """They lie in `tools` or in an item of the input, some in groups."""
    listed = list(request.get("tools") or [])
    for item in _input(request):
        if item.get("type") == "additional_tools":
            listed += item["tools"]
    return [tool for one in listed for tool in (one["tools"] if one.get("type") == "namespace" else [one])]


def _texts(content: Any) -> list[str]:
    blocks = [{"text": content}] if isinstance(content, str) else content
    return [one["text"] for one in blocks if "text" in one]
