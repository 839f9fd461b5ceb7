"""The parser's events → a tree of nodes, by a stack of our own: bounded in depth, size and aliases."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from toolkit.diagnostics import Diagnostic
from toolkit.documents.document import Node, Pointer, dotted
from toolkit.documents.scalars import NumberError, resolve

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ruamel.yaml.events import Event, NodeEvent, ScalarEvent

    from toolkit.documents.text import SourceText

MAX_DEPTH = 64
MAX_NODES = 50_000
MAX_ALIASED_NODES = 10_000
"""How many values all aliases of a document may repeat: an alias bomb has millions."""

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_SURROGATE_HINT = "write the character itself, or its \\U escape with eight digits"
_CORE = "tag:yaml.org,2002:"
_COLLECTION_TAGS = {"mapping": {"", "!", f"{_CORE}map"}, "sequence": {"", "!", f"{_CORE}seq"}}


@dataclass(slots=True, kw_only=True)
class _Open:
    """A collection that has begun: entries so far, and the key that waits for its value."""

    start: int
    pointer: Pointer
    is_map: bool
    anchor: str | None
    entries: dict[str, Node] = field(default_factory=dict)
    keys: dict[str, int] = field(default_factory=dict)
    items: list[Node] = field(default_factory=list)
    key: str | None = None
    key_start: int = 0
    awaits_value: bool = False
    size: int = 1


class Builder:
    """Takes events one by one; `root` is the document, `stopped` says that the rest is not worth reading."""

    def __init__(self, *, path: str, source: SourceText, meant: Mapping[int, str]) -> None:
        """`meant` turns stand-ins in scalars back into the characters of the text."""
        self.path = path
        self.source = source
        self.diagnostics: list[Diagnostic] = []
        self.root: Node | None = None
        self.stopped = False
        self.offset = 0
        self._meant = meant
        self._stack: list[_Open] = []
        self._anchors: dict[str, tuple[Node, int] | None] = {}
        self._nodes = 0
        self._aliased = 0
        self._documents = 0

    def take(self, event: Any) -> None:
        self.offset = event.start_mark.index
        name = type(event).__name__
        if name == "DocumentStartEvent":
            self._document(event)
        elif name in {"MappingStartEvent", "SequenceStartEvent"}:
            self._begin(event, is_map=name == "MappingStartEvent")
        elif name in {"MappingEndEvent", "SequenceEndEvent"}:
            self._end()
        elif name == "AliasEvent":
            self._alias(str(event.anchor))
        elif name == "ScalarEvent":
            self._scalar(event)

    def _document(self, event: Event) -> None:
        self._documents += 1
        version = getattr(event, "version", None)
        if self._documents > 1:
            self._stop("yaml-several-documents", "a second document begins here; a file holds one", self.offset)
        elif version and tuple(version) != (1, 2):
            self._problem("yaml-version", f"YAML {version[0]}.{version[1]} is not supported; write YAML 1.2", 0)

    def _begin(self, event: NodeEvent, *, is_map: bool) -> None:
        kind = "mapping" if is_map else "sequence"
        if not self._counted() or self._tag_of(event) not in _COLLECTION_TAGS[kind]:
            self._refuse_tag(event)
        if len(self._stack) >= MAX_DEPTH:
            self._stop("yaml-too-deep", f"values are nested more than {MAX_DEPTH} deep", self.offset, of=())
            return
        anchor = event.anchor
        if anchor:
            self._anchors[anchor] = None
        self._stack.append(_Open(start=self.offset, pointer=self._pointer(), is_map=is_map, anchor=anchor))

    def _end(self) -> None:
        closed = self._stack.pop()
        value = closed.entries if closed.is_map else closed.items
        node = Node(start=closed.start, value=value, keys=closed.keys)
        if closed.anchor:
            self._anchors[closed.anchor] = (node, closed.size)
        self._add(node, closed.size)

    def _scalar(self, event: ScalarEvent) -> None:
        self._counted()
        value = self._value_of(event)
        node = Node(start=self._start_of(event), value=value, style=event.style or "")
        if event.anchor:
            self._anchors[event.anchor] = (node, 1)
        self._add(node, 1, text=_LONE_SURROGATE.sub("?", self._text_of(event)))

    def _text_of(self, event: ScalarEvent) -> str:
        text = str(event.value)
        return text.translate(self._meant) if self._meant else text

    def _start_of(self, event: ScalarEvent) -> int:
        """Nothing has no place of its own: it is blamed on its key."""
        is_absent = event.value == "" and not event.style
        top = self._stack[-1] if self._stack else None
        return top.key_start if is_absent and top is not None and top.awaits_value else self.offset

    def _value_of(self, event: ScalarEvent) -> str | int | float | bool | None:
        text = self._text_of(event)
        if _LONE_SURROGATE.search(text):
            self._problem("yaml-escape", "an escape names half of a character", self.offset, hint=_SURROGATE_HINT)
            return ""
        if "\0" in text:
            self._problem("yaml-escape", "an escape names the NUL character", self.offset, hint="leave it out")
            return ""
        tag = self._tag_of(event)
        if (tag == "" and event.style) or tag in {"!", f"{_CORE}str"}:
            return text
        try:
            value = resolve(text)
        except NumberError as error:
            self._problem("yaml-number", str(error), self.offset)
            return 1  # within every range, so that the one problem is told once
        wanted = {f"{_CORE}null": type(None), f"{_CORE}bool": bool, f"{_CORE}int": int, f"{_CORE}float": float}
        if tag == f"{_CORE}float" and type(value) is int:
            return float(value)
        if tag and not (tag in wanted and type(value) is wanted[tag]):
            self._refuse_tag(event)
        return value

    def _alias(self, anchor: str) -> None:
        if anchor not in self._anchors:
            self._stop("yaml-alias-unknown", f"no anchor &{anchor} stands before this alias", self.offset)
            return
        known = self._anchors[anchor]
        if known is None:
            self._stop("yaml-alias-cycle", f"*{anchor} stands inside the value that it repeats", self.offset)
            return
        node, size = known
        self._aliased += size
        if self._aliased > MAX_ALIASED_NODES:
            self._stop("yaml-alias-bomb", f"aliases repeat more than {MAX_ALIASED_NODES} values", self.offset)
            return
        self._add(node.moved(self.offset), size, text=node.value if isinstance(node.value, str) else None)

    def _add(self, node: Node, size: int, *, text: str | None = None) -> None:
        if not self._stack:
            self.root = node
            return
        top = self._stack[-1]
        top.size += size
        if not top.is_map:
            top.items.append(node)
        elif top.awaits_value:
            if top.key is not None:
                top.entries[top.key] = node
                top.keys[top.key] = top.key_start
            top.awaits_value = False
        else:
            top.key = self._key(node, text, top)
            top.key_start = node.start
            top.awaits_value = True

    def _key(self, node: Node, text: str | None, top: _Open) -> str | None:
        """The key's text; None where it can't be one, and then its value is dropped."""
        if text is None:
            self._problem("yaml-key", "a key must be a single word or text", node.start, of=top.pointer)
            return None
        if text == "<<" and not node.style:
            self._problem(
                "yaml-merge-key",
                "merge keys are not part of YAML 1.2",
                node.start,
                of=(*top.pointer, text),
                hint="`extends: NAME` takes over another environment",
            )
            return None
        if text in top.keys:
            first, _ = self.source.place(top.keys[text])
            self._problem(
                "yaml-duplicate-key",
                f"the key '{text}' is given twice",
                node.start,
                of=(*top.pointer, text),
                hint=f"first in line {first}",
            )
            return None
        return text

    def _pointer(self) -> Pointer:
        """Where the value that comes next belongs."""
        if not self._stack:
            return ()
        top = self._stack[-1]
        if not top.is_map:
            return (*top.pointer, len(top.items))
        return (*top.pointer, top.key) if top.awaits_value and top.key is not None else top.pointer

    def _counted(self) -> bool:
        self._nodes += 1
        if self._nodes > MAX_NODES and not self.stopped:
            self._stop("yaml-too-many-values", f"the file holds more than {MAX_NODES} values", self.offset)
        return not self.stopped

    def _tag_of(self, event: NodeEvent) -> str:
        tag = getattr(event, "ctag", None)
        return str(tag) if tag is not None else ""

    def _refuse_tag(self, event: NodeEvent) -> None:
        if self.stopped:
            return
        shown = self._tag_of(event).replace(_CORE, "!!")
        self._problem("yaml-tag", f"the tag {shown} is not supported here", self.offset, hint="leave it out")

    def _stop(self, rule: str, message: str, offset: int, *, of: Pointer | None = None) -> None:
        self.stopped = True
        self._problem(rule, message, offset, of=of)

    def _problem(self, rule: str, message: str, offset: int, *, of: Pointer | None = None, hint: str = "") -> None:
        line, column = self.source.place(offset)
        pointer = dotted(self._pointer() if of is None else of)
        self.diagnostics.append(
            Diagnostic(path=self.path, line=line, column=column, pointer=pointer, rule=rule, message=message, hint=hint)
        )
