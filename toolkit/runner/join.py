"""`join`: a client's terminal or pipes on the session's turn. Leaving never stops anything.

On a terminal, lines are typed to the turn; ctrl-p ctrl-q, or ctrl-c, leaves; ctrl-d on an empty line ends the turn's
input. Without a terminal it ends with the turn.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import termios
import threading
from typing import TYPE_CHECKING, Any

from . import inbox
from .switchboard import SOCKET

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CHUNK = 65536
_LEAVE = b"\x10\x11"
_INTERRUPT, _END, _BACKSPACES = b"\x03", b"\x04", b"\x7f\x08"
_AT_WORK = frozenset({"preparing", "running"})


def join(folder: Path) -> int:
    """Until the client leaves (0), or the turn's end: 0 only if it succeeded."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as plug:
        try:
            plug.connect(str(folder / SOCKET))
        except OSError as error:
            sys.stderr.write(f"the session cannot be joined: {error}\n")
            return 1
        terminal = os.isatty(0)
        if terminal:
            sys.stderr.write("── joined; ctrl-p ctrl-q leaves without stopping it\n")
            sys.stderr.flush()
        visit = _Visit(folder, plug, stays=terminal)
        threading.Thread(target=visit.show, daemon=True).start()
        with _single_keys() if terminal else contextlib.nullcontext():
            (_type_lines if terminal else _type_pipe)(visit)
            return visit.wait()


class _Visit:
    """`stays`: over the ends of turns."""

    def __init__(self, folder: Path, plug: socket.socket, *, stays: bool) -> None:
        self._folder = folder
        self._plug = plug
        self._stays = stays
        self._over = threading.Event()
        self._live = False
        self._typed = False
        self._listening = True  # there may come more from the keyboard or the pipe
        self._status: dict[str, Any] = {}

    def type(self, text: bytes) -> None:
        """An empty text is the input's end."""
        self._typed = True
        line = json.dumps({"typed": text.decode("utf-8", "replace")}) + "\n"
        with contextlib.suppress(OSError):
            self._plug.sendall(line.encode("ascii"))

    def end_of_pipe(self) -> None:
        """Its end is the turn's only if something came through it: others may be typing."""
        if self._typed:
            self.type(b"")
        self._listening = False
        if self._live and not self._typed and self._at_rest():
            self._over.set()

    def leave(self) -> None:
        self._status = {}
        self._over.set()

    def wait(self) -> int:
        while not self._over.wait(1):  # in steps, so that signals are heard
            pass
        return 1 if self._status.get("exit_code") or self._status.get("state") == "failed" else 0

    @property
    def over(self) -> bool:
        return self._over.is_set()

    def show(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            for line in self._plug.makefile("r", encoding="ascii"):
                self._take(json.loads(line))
        self._over.set()  # the session has ended

    def _take(self, event: dict[str, Any]) -> None:
        kind = event["type"]
        if "status" in event:
            self._status = event["status"]
        if kind in {"output", "agent"}:
            _write(2 if event.get("stream") == "stderr" else 1, str(event["text"]))
        elif kind == "joined":
            self._live = True
            if not self._listening and not self._typed and self._at_rest():
                self._over.set()
        else:
            _write(2, _remark(event))
        if kind == "turn-finished" and self._live and not self._stays and not inbox.waiting(self._folder):
            self._over.set()

    def _at_rest(self) -> bool:
        return self._status.get("state", "preparing") not in _AT_WORK and not self._stays


def _remark(event: dict[str, Any]) -> str:
    if event["type"] == "turn-finished":
        return f"── turn {event['turn']} ended with exit code {event['exit_code']}\n"
    if event["type"] == "turn-started":
        return f"── turn {event['turn']} begins\n"
    if event["type"] == "session-ended":
        return f"── session {event['state']}: {event['reason']}\n"
    return f"── {event['text']}\n" if event["type"] == "remark" else ""


def _write(descriptor: int, text: str) -> None:
    content = text.encode("utf-8", "replace")
    with contextlib.suppress(OSError):
        while content:
            content = content[os.write(descriptor, content) :]


def _type_pipe(visit: _Visit) -> None:
    def pump() -> None:
        with contextlib.suppress(OSError):
            while chunk := os.read(0, _CHUNK):
                visit.type(chunk)
        visit.end_of_pipe()

    threading.Thread(target=pump, daemon=True).start()


def _type_lines(visit: _Visit) -> None:
    threading.Thread(target=_keyboard, args=(visit,), daemon=True).start()


def _keyboard(visit: _Visit) -> None:
    line, before = b"", b""
    while key := os.read(0, 1):
        if before + key == _LEAVE or key == _INTERRUPT:
            break
        before = key
        if key in _BACKSPACES:
            shorter = line.decode("utf-8", "ignore")[:-1].encode()
            _write(1, "\b \b" if shorter != line else "")
            line = shorter
        elif key == _END and not line:
            visit.type(b"")
        elif key in b"\r\n":
            _write(1, "\n")
            visit.type(line + b"\n")
            line = b""
        elif key >= b" ":
            os.write(1, key)
            line += key
    visit.leave()


@contextlib.contextmanager
def _single_keys() -> Iterator[None]:
    """No lines, no echo, no signals, no flow control: every key comes as it is; what is written stays as usual."""
    before = termios.tcgetattr(0)
    mode = list(before)
    mode[0] &= ~(termios.IXON | termios.ICRNL)
    mode[3] &= ~(termios.ICANON | termios.ECHO | termios.ISIG | termios.IEXTEN)
    termios.tcsetattr(0, termios.TCSADRAIN, mode)
    try:
        yield
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, before)
