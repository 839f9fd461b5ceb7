"""The manual as pages for `man`, in roff: one for the program, one for each verb, groups with their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from toolkit.model.manual import Entry, Verb

_SECTION = 1
_EXIT_CODES = (
    ("0", "Done."),
    ("1", "Failed as expected: the message says what, where, and what to do."),
    ("2", "The command line is wrong."),
    ("3", "A bug in toolkit; the message names a report."),
    ("4", "--check found changes or drift."),
    ("130", "Interrupted."),
)


def pages(program: Verb, shared: Sequence[Entry], *, version: str) -> Mapping[str, str]:
    """File name → roff. `toolkit env list` is `toolkit-env-list.1`."""
    return {file_name(one): _page(one, program, shared, version) for one in program.below()}


def file_name(verb: Verb) -> str:
    return f"{verb.words.replace(' ', '-')}.{_SECTION}"


def _page(verb: Verb, program: Verb, shared: Sequence[Entry], version: str) -> str:
    title = verb.words.replace(" ", "-")
    lines = [
        f'.TH "{_plain(title.upper())}" "{_SECTION}" "" "toolkit {_plain(version)}" "toolkit"',
        ".SH NAME",
        f"{_plain(title)} \\- {_plain(verb.summary.rstrip('.'))}",
        ".SH SYNOPSIS",
        f".B {_plain(verb.usage)}",
        ".SH DESCRIPTION",
        *_description(verb),
        *_list("ARGUMENTS", verb.arguments),
        *_list("OPTIONS", verb.options),
        *_list("GLOBAL OPTIONS", shared),
        *_verbs(verb),
        ".SH EXIT STATUS",
        *_tagged(_EXIT_CODES),
        *_see_also(verb, program),
    ]
    return "\n".join([*lines, ""])


def _description(verb: Verb) -> Iterator[str]:
    for paragraph in verb.paragraphs:
        if paragraph.verbatim:
            yield from (".PP", ".nf", *(_plain(line) for line in paragraph.lines), ".fi")
        else:
            yield from (".PP", *(_plain(line.strip()) for line in paragraph.lines))


def _list(title: str, entries: Sequence[Entry]) -> Iterator[str]:
    if entries:
        yield f".SH {title}"
        yield from _tagged(tuple((one.name, one.text) for one in entries))


def _verbs(verb: Verb) -> Iterator[str]:
    if verb.verbs:
        yield ".SH COMMANDS"
        yield from _tagged(tuple((one.usage, one.summary) for one in verb.verbs))


def _see_also(verb: Verb, program: Verb) -> Iterator[str]:
    others = [one for one in (program, *verb.verbs) if one is not verb]
    if others:
        yield ".SH SEE ALSO"
        for one in others:
            end = "" if one is others[-1] else ","
            yield f".BR {_plain(one.words.replace(' ', '-'))} ({_SECTION}){end}"


def _tagged(rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    for name, text in rows:
        yield from (".TP", f".B {_plain(name)}", _plain(text) if text else "\\&")


def _plain(text: str) -> str:
    """As roff takes it: dashes are dashes of commands, and nothing at a line's start is a request."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace('"', "\\(dq")
    escaped = "".join(one if one.isascii() else f"\\[u{ord(one):04X}]" for one in escaped)  # groff alone reads no UTF-8
    return f"\\&{escaped}" if escaped[:1] in {".", "'"} else escaped
