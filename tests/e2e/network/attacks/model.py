"""An attack as data."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Try:
    """One call of the program `inside`. `<word>` in a text stands for an address that is known when the lab runs."""

    name: str
    arguments: Mapping[str, Any]

    def filled(self, words: Mapping[str, str]) -> Try:
        return replace(self, arguments={key: _filled(value, words) for key, value in self.arguments.items()})


def _filled(value: Any, words: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for word, text in words.items():
            value = value.replace(f"<{word}>", text)
    return [_filled(one, words) for one in value] if isinstance(value, list | tuple) else value


def trying(name: str, /, **arguments: Any) -> Try:
    return Try(name, arguments)


class Told(enum.Enum):
    """What the session's audit holds of an attack.

    REFUSED: a refusal with its rule. UNHEARD: no entry at all, since nothing reaches the gateway. EMPTY: an opening of
    an allowed host that carried nothing, and no entry besides.
    """

    REFUSED = enum.auto()
    UNHEARD = enum.auto()
    EMPTY = enum.auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """What must not work, and beside it the allowed form of the same act, which must.

    `rules`: the kinds of rule that the audit may name for the refusal; none: `told` says what it holds instead.
    `beside`: the control runs in the lab's own unconfined container, since no session has an allowed form of it.
    `carried`: the attack rides on a request that is allowed, so that `origin` gets that one and no other.
    `witness`: what an origin writes down when the control arrives; empty where the answer itself is the proof.
    """

    id: str
    what: str
    control: Try
    attempt: Try
    rules: tuple[str, ...]
    beside: bool = False
    witness: str = "request"
    carried: bool = False
    told: Told = Told.REFUSED

    def __post_init__(self) -> None:
        if bool(self.rules) != (self.told is Told.REFUSED):
            raise ValueError(f"{self.id}: a refusal names its rules, and nothing else does")
