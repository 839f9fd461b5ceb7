"""What `validate` and `env` show."""

from __future__ import annotations

import json
from posixpath import join, normpath

from toolkit.diagnostics import Severity
from toolkit.model.declarations import STANDARD_INPUT
from toolkit.model.environment import SHOWN_DIGITS
from toolkit.views.environment_rows import COLUMNS, environment_cells, environment_row
from toolkit.views.problems import problem_fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from toolkit.console import Console
    from toolkit.diagnostics import Diagnostic
    from toolkit.model.declarations import Edited, Shown, Validation
    from toolkit.model.environment import EnvironmentSpec
    from toolkit.model.selection import Selection

_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_VALUE_WIDTH = 60


def show_validation(console: Console, validation: Validation, form: str) -> None:
    _FORMS[form](console, validation)
    errors, warnings = (validation.count(one) for one in (Severity.ERROR, Severity.WARNING))
    console.note(
        f"{_counted(len(validation.files), 'file')}: {_counted(errors, 'error')}, {_counted(warnings, 'warning')}"
    )


def show_list(console: Console, environments: Sequence[EnvironmentSpec], selection: Selection) -> None:
    """Every environment, the one that sessions get marked."""
    for warning in selection.warnings:
        console.warn(warning)
    if console.as_json:
        rows = [environment_row(one, selected=selection.name) for one in environments]
        console.document({"environments": rows})
    elif environments:
        console.table(COLUMNS, [environment_cells(one, selected=selection.name) for one in environments])
    else:
        console.note("there is no environment; toolkit env new NAME makes one")


def show_environment(console: Console, shown: Shown) -> None:
    """The effective declaration: each value, and the place that it was written at."""
    for warning in shown.warnings:
        console.note(str(warning))
    if console.as_json:
        console.document(
            {
                "environment": shown.environment,
                "revision": shown.spec.revision[:SHOWN_DIGITS],
                "build": shown.build[:SHOWN_DIGITS],
                "origins": shown.origins,
            }
        )
        return
    console.line(
        f"{shown.spec.name}  revision {shown.spec.revision[:SHOWN_DIGITS]}  build {shown.build[:SHOWN_DIGITS]}"
    )
    console.line()
    rows = [
        (pointer, _cell(value), shown.origins.get(pointer, "default"))
        for pointer, value in _leaves("", shown.environment)
    ]
    console.table(("KEY", "VALUE", "FROM"), rows)


def show_edited(console: Console, edited: Edited, said: str) -> None:
    """A file that was written, or that needed no change."""
    if console.as_json:
        fields = {"name": edited.name, "path": edited.path, "archived": edited.archived, "changed": edited.changed}
        console.document({"environment": fields})
        return
    console.line(edited.path)
    console.note(said)


def show_migrated(console: Console, files: Sequence[str]) -> None:
    if console.as_json:
        console.document({"migrated": list(files)})
        return
    for path in files:
        console.line(path)
    console.note(f"{_counted(len(files), 'file')} rewritten" if files else "every declaration is of this version")


def _text(console: Console, validation: Validation) -> None:
    for one in validation.problems:
        console.line(str(one))


def _json(console: Console, validation: Validation) -> None:
    problems = [problem_fields(one) for one in validation.problems]
    console.document({"files": list(validation.files), "problems": problems})


def _github(console: Console, validation: Validation) -> None:
    """Workflow commands: GitHub shows each beside its line of the change."""
    for one in validation.problems:
        path = _in_repository(validation, one.path)
        place = f"file={_property(path)},line={one.line},col={one.column},title={_property(one.rule)}"
        console.line(f"::{one.severity.value} {place}::{_escaped(_sentence(one))}")


def _sarif(console: Console, validation: Validation) -> None:
    """SARIF 2.1.0, as code scanning takes it; columns count from 1 in both."""
    rules = sorted({one.rule for one in validation.problems})
    run = {
        "tool": {"driver": {"name": "toolkit", "rules": [{"id": rule} for rule in rules]}},
        "columnKind": "unicodeCodePoints",
        "results": [
            {
                "ruleId": one.rule,
                "ruleIndex": rules.index(one.rule),
                "level": one.severity.value,
                "message": {"text": _sentence(one)},
                "locations": [_sarif_place(validation, one)],
            }
            for one in validation.problems
        ],
    }
    console.line(json.dumps({"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2))


_FORMS: Mapping[str, Callable[[Console, Validation], None]] = {
    "text": _text,
    "json": _json,
    "github": _github,
    "sarif": _sarif,
}


def _in_repository(validation: Validation, path: str) -> str:
    """A path as those name it who know the repository alone."""
    return path if path == STANDARD_INPUT else normpath(join(validation.folder, path))


def _sarif_place(validation: Validation, one: Diagnostic) -> dict[str, object]:
    from urllib.parse import quote

    region = {"startLine": one.line, "startColumn": one.column}
    uri = quote(_in_repository(validation, one.path))
    return {"physicalLocation": {"artifactLocation": {"uri": uri}, "region": region}}


def _sentence(one: Diagnostic) -> str:
    """The problem without its place."""
    pointer = f"{one.pointer}: " if one.pointer else ""
    hint = f" ({one.hint})" if one.hint else ""
    return f"{pointer}{one.message}{hint}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")


def _counted(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _leaves(pointer: str, value: object) -> Iterator[tuple[str, object]]:
    entries: Sequence[tuple[object, object]] = ()
    if isinstance(value, dict):
        entries = list(value.items())
    elif isinstance(value, list):
        entries = list(enumerate(value))
    for key, one in entries:
        yield from _leaves(f"{pointer}.{key}" if pointer else str(key), one)
    if not entries:
        yield pointer, value


def _cell(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    first, _, rest = text.partition("\n")
    more = f" … ({text.count(chr(10)) + 1} lines)" if rest.strip() else ""
    shown = first if len(first) <= _VALUE_WIDTH else f"{first[:_VALUE_WIDTH]}…"
    return "".join(one if one.isprintable() else "·" for one in shown) + more
