"""The hook that decides every push into the gateway: by the rules first, then by the real remote.

Only when the remote has taken the push is it taken here, so a refusal there is a refusal here. git runs it with the
new objects in quarantine: what is refused leaves nothing behind.
"""

from __future__ import annotations

import json
import subprocess
import sys

from .push_rules import Known, Rules, Update, refusals
from .upstream import Upstream, UpstreamError

_SECONDS = 600


def main(folder: str) -> int:
    with open(f"{folder}/order.json", encoding="utf-8") as file:
        order = json.load(file)
    updates = _updates(sys.stdin.buffer.read())
    rules = Rules(branch=order["branch"], patterns=order["push"]["branches"], tags=order["push"]["tags"])
    found = refusals(updates, rules, Known(is_symbolic=_is_symbolic, is_ancestor=_is_ancestor))
    if found:
        return _refuse(found)
    upstream = Upstream.of(order, folder)
    if not upstream.exists:
        return 0
    try:
        said = upstream.push(updates)
    except UpstreamError as error:
        return _refuse([str(error)])
    if said:
        _say(said)
    return 0


def _updates(text: bytes) -> list[Update]:
    """By git's own separators alone: in the name of a ref may stand what Python takes for a blank or a line's end."""
    lines = text.decode("utf-8", "surrogateescape").split("\n")
    return [Update(*line.split(" ", 2)) for line in lines if line]


def _refuse(reasons: list[str]) -> int:
    _say("\n".join(f"toolkit: refused: {one}" for one in reasons))
    _say("toolkit: nothing of this push was taken")
    return 1


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


def _is_symbolic(ref: str) -> bool:
    return _succeeds("symbolic-ref", "-q", ref)


def _is_ancestor(old: str, new: str) -> bool:
    return _succeeds("merge-base", "--is-ancestor", old, new)


def _succeeds(*words: str) -> bool:
    done = subprocess.run(
        ("git", *words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=_SECONDS, check=False
    )
    return done.returncode == 0
