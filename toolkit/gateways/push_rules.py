"""Which pushes a session may make: pure, the same answer for the same updates.

A push is refused whole: one ref that may not move keeps all the others from moving.
"""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

OWN = "session"  # in `push.branches`: the session's own branch
_HEADS = "refs/heads/"
_TAGS = "refs/tags/"


class Update(NamedTuple):
    """One line of a push: object ids in hexadecimal, all zeros for "is not there"."""

    old: str
    new: str
    ref: str


class Rules(NamedTuple):
    """`branch`: the session's own, without refs/heads/. `patterns`: names or globs, the word `session` for it."""

    branch: str
    patterns: Sequence[str]
    tags: bool


class Known(NamedTuple):
    """What must be asked of the repository: is the ref a symbolic one, is `old` an ancestor of `new`."""

    is_symbolic: Callable[[str], bool]
    is_ancestor: Callable[[str, str], bool]


def refusals(updates: Sequence[Update], rules: Rules, known: Known) -> list[str]:
    """What speaks against the push, one sentence for each bad ref; empty: it may go on."""
    found = [(one.ref, _reason(one, rules, known)) for one in updates]
    return [f"{ref}: {reason}" for ref, reason in found if reason]


def _reason(update: Update, rules: Rules, known: Known) -> str:
    if not _may_move(update.ref, rules):
        return f"this session may push {allowed(rules)}, nothing else"
    if is_zero(update.new):
        return "deleting is not allowed"
    if known.is_symbolic(update.ref):
        return "it is a symbolic ref: the push would move another branch"
    return "" if is_zero(update.old) else _move_reason(update, known)


def _move_reason(update: Update, known: Known) -> str:
    if update.ref.startswith(_TAGS):
        return "the tag exists, and tags are not moved"
    if not known.is_ancestor(update.old, update.new):
        return "not a fast-forward: rewriting what was pushed is not allowed (fetch, merge or rebase, and push again)"
    return ""


def _may_move(ref: str, rules: Rules) -> bool:
    if ref.startswith(_HEADS):
        name = ref[len(_HEADS) :]
        return any(fnmatch.fnmatchcase(name, one) for one in branch_patterns(rules))
    return ref.startswith(_TAGS) and rules.tags


def branch_patterns(rules: Rules) -> list[str]:
    """The branches by name or glob; the session's own is taken literally."""
    return [rules.branch if one == OWN else one for one in rules.patterns]


def allowed(rules: Rules) -> str:
    """What may be pushed, in words."""
    parts = [_HEADS + one for one in branch_patterns(rules)] + (["new tags"] if rules.tags else [])
    return ", ".join(parts) or "nothing"


def is_zero(identity: str) -> bool:
    return not identity.strip("0")
