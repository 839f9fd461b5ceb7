"""The reference, made from what the program itself uses: its command tree and its schemas."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from toolkit.model.manual import Entry, Verb

Schema = dict[str, Any]


def commands(program: Verb, shared: Sequence[Entry]) -> str:
    """Every verb: usage, text, arguments, options."""
    lines = ["# Commands", "", *_text(program), "Before or after every verb:", "", *_entries(shared)]
    for verb in list(program.below())[1:]:
        lines += [f"## {verb.words}", "", *_text(verb), "", "```text", verb.usage, "```", ""]
        lines += _entries((*verb.arguments, *verb.options))
    return "\n".join([*lines, ""])


def _text(verb: Verb) -> Iterator[str]:
    for paragraph in verb.paragraphs:
        if paragraph.verbatim:
            yield from ("```text", *paragraph.lines, "```", "")
        else:
            yield from (*(_escaped(line) for line in paragraph.lines), "")


def _entries(entries: Sequence[Entry]) -> list[str]:
    if not entries:
        return []
    rows = [f"| {_code(one.name)} | {_escaped(one.text)} |" for one in entries]
    return ["| | |", "|---|---|", *rows, ""]


def keys(schema: Schema, *, title: str) -> str:
    """Every key of a schema, with its type, its default and what it means."""
    lines = [f"# {title}", "", _escaped(str(schema["description"])), ""]
    for path, one, required in _keys(schema, schema, ""):
        lines += [f"## {path}", "", _escaped(str(one.get("description", ""))), ""]
        lines += [f"- {said}" for said in _facts(one, required=required)]
        lines += _example(one)
        lines.append("")
    return "\n".join(lines)


def _keys(root: Schema, node: Schema, above: str) -> Iterator[tuple[str, Schema, bool]]:
    for name, said in node.get("properties", {}).items():
        one = _resolved(root, said)
        path = f"{above}.{name}" if above else name
        yield path, one, name in node.get("required", ())
        yield from _keys(root, one, path)
        items = _resolved(root, one.get("items", {})) if isinstance(one.get("items"), dict) else {}
        yield from _keys(root, items, f"{path}[]")


def _resolved(root: Schema, node: Schema) -> Schema:
    """With what its `$ref` says below its own words."""
    reference = node.get("$ref")
    if not reference:
        return node
    found = root
    for part in str(reference).removeprefix("#/").split("/"):
        found = found[part]
    return {**_resolved(root, found), **{key: value for key, value in node.items() if key != "$ref"}}


def _facts(one: Schema, *, required: bool) -> Iterator[str]:
    if required:
        yield "must be there"
    if "enum" in one:
        yield "one of " + ", ".join(_code(str(value)) for value in one["enum"])
    elif "type" in one:
        types = one["type"] if isinstance(one["type"], list) else [one["type"]]
        yield " or ".join(types)
    if "default" in one:
        yield f"default: {_code(_shown(one['default']))}"
    for key, words in _LIMITS.items():
        if key in one:
            yield f"{words} {_code(str(one[key]))}"


_LIMITS: Mapping[str, str] = {
    "minimum": "at least",
    "maximum": "at most",
    "maxLength": "characters at most:",
    "pattern": "matches",
}


def _example(one: Schema) -> list[str]:
    examples = one.get("examples", [])
    if not examples:
        return []
    text = examples[0] if isinstance(examples[0], str) else json.dumps(examples[0], ensure_ascii=False)
    return ["", "Such as:", "", "```yaml", *text.splitlines(), "```"]


def _shown(value: object) -> str:
    return value if isinstance(value, str) and value else json.dumps(value)


def _code(text: str) -> str:
    """As code, also in a table and with backquotes inside."""
    marks = "``" if "`" in text else "`"
    return f"{marks}{text.replace('|', chr(92) + '|')}{marks}"


def _escaped(text: str) -> str:
    """Prose of a help text: backquoted parts stay code, signs that Markdown would take for its own do not count."""
    parts = text.split("`")
    for at in range(0, len(parts), 2):
        for sign in ("<", "*", "_", "[", "|"):
            parts[at] = parts[at].replace(sign, f"\\{sign}" if sign != "<" else "&lt;")
    return "`".join(parts)
