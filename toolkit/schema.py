"""A document against one of our schemas, in two tiers: a fast yes, and for a no every problem at its place.

The only importer of jsonschema and jsonschema-rs. A schema may say under `x-problems` what breaking one of its
keywords means: `{"pattern": {"rule": "name-format", "message": "…", "hint": "…"}}`; `x-aliases` lists values of an
`enum` that are accepted but not offered.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from toolkit.diagnostics import Diagnostic, did_you_mean
from toolkit.documents import dotted
from toolkit.paths import schema as schema_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jsonschema.exceptions import ValidationError

    from toolkit.documents import Document, Pointer

_KINDS = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "nothing",
}
_RULES = {
    "additionalProperties": "unknown-key",
    "required": "missing-key",
    "type": "wrong-type",
    "enum": "not-one-of",
    "const": "not-one-of",
    "pattern": "wrong-form",
    "minLength": "empty",
    "minItems": "empty",
    "maxLength": "too-long",
    "minimum": "too-small",
    "exclusiveMinimum": "too-small",
    "maximum": "too-large",
}
_MESSAGES = {
    "enum": "{shown} is not one of {choices}",
    "const": "{shown} is not {limit}",
    "pattern": "{shown} is not of the form {limit}",
    "minLength": "must not be empty",
    "minItems": "must not be empty",
    "maxLength": "must not be longer than {limit} characters",
    "minimum": "{shown} is less than {limit}",
    "exclusiveMinimum": "{shown} is not more than {limit}",
    "maximum": "{shown} is more than {limit}",
}
_TRUTH = dict.fromkeys(("true", "yes", "on", "y"), "true") | dict.fromkeys(("false", "no", "off", "n"), "false")
_SHOWN_LENGTH = 60


def check(document: Document, schema: str) -> list[Diagnostic]:
    """Every way in which the document breaks the schema (`environment` or `settings`), sorted by place."""
    if passes(document.data, schema):
        return []
    errors = list(_validator(schema).iter_errors(document.data))
    wrong_type = {tuple(one.absolute_path) for one in errors if one.validator == "type"}
    found = [
        problem
        for one in errors
        if one.validator == "type" or tuple(one.absolute_path) not in wrong_type
        for problem in _problems(document, one)
    ]
    return sorted(set(found), key=lambda one: one.sort_key)


def passes(data: object, schema: str) -> bool:
    """Whether plain data keeps to the schema; a no may still be a yes that only `check` can give."""
    try:
        return bool(_fast(schema).is_valid(data))
    except (ValueError, TypeError, OverflowError):  # what it can't take, e.g. integers past 64 bits
        return False


def describe(value: object) -> str:
    """A value as messages show it: shortened, text in quotes, nothing for null."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = repr(value)
    return text if len(text) <= _SHOWN_LENGTH else f"{text[: _SHOWN_LENGTH - 2]}…'"


@cache
def _text(name: str) -> str:
    return schema_path(name).read_text(encoding="utf-8")


@cache
def _fast(name: str) -> Any:
    import jsonschema_rs

    return jsonschema_rs.Draft202012Validator(json.loads(_text(name)))


@cache
def _validator(name: str) -> Any:
    from jsonschema import Draft202012Validator, validators

    exact: Any = validators.extend(Draft202012Validator, {"pattern": _pattern})  # type: ignore[no-untyped-call]
    return exact(json.loads(_text(name)))


def _pattern(_validator: object, pattern: str, instance: object, _schema: object) -> Iterator[ValidationError]:
    """JSON Schema's `$` is the very end; Python's also stands before a last line feed."""
    import re

    from jsonschema.exceptions import ValidationError

    if isinstance(instance, str):
        exact = pattern[:-1] + r"\Z" if pattern.endswith("$") else pattern
        if not re.search(exact, instance):
            yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _problems(document: Document, error: ValidationError) -> Iterator[Diagnostic]:
    pointer: Pointer = tuple(error.absolute_path)
    schema = error.schema if isinstance(error.schema, dict) else {}
    if error.validator == "additionalProperties":
        known = list(schema.get("properties", ()))
        given: Any = error.instance
        for key in given:
            if key not in known:
                yield _unknown_key(document, (*pointer, key), known)
    elif error.validator == "required":
        yield _missing_key(document, pointer, error)
    else:
        said = schema.get("x-problems", {}).get(error.validator, {})
        message = said.get("message")
        yield _diagnostic(
            document,
            pointer,
            rule=said.get("rule") or _RULES.get(str(error.validator), str(error.validator)),
            message=f"{describe(error.instance)} {message}" if message else _message(error, schema),
            hint=said.get("hint") or _hint(error, schema),
        )


def _unknown_key(document: Document, pointer: Pointer, known: list[str]) -> Diagnostic:
    key = str(pointer[-1])
    hint = did_you_mean(key, known)
    if not hint and known:
        hint = f"there is {', '.join(known)}"
    where = f" of {dotted(pointer[:-1])}" if len(pointer) > 1 else ""
    return _diagnostic(
        document, pointer, rule="unknown-key", message=f"'{_short(key)}' is not a key{where}", hint=hint, of_key=True
    )


def _missing_key(document: Document, pointer: Pointer, error: ValidationError) -> Diagnostic:
    wanted = error.validator_value if isinstance(error.validator_value, list) else []
    given: Any = error.instance
    key = next(name for name in wanted if name not in given and f"'{name}'" in error.message)
    return _diagnostic(
        document,
        (*pointer, key),
        rule="missing-key",
        message=f"the key '{key}' is missing",
        of_key=bool(pointer) and isinstance(pointer[-1], str),
    )


def _message(error: ValidationError, schema: dict[str, Any]) -> str:
    limit: Any = error.validator_value
    if error.validator == "type":
        kinds = limit if isinstance(limit, list) else [limit]
        wanted = " or ".join(dict.fromkeys(_KINDS[str(one)] for one in kinds))
        return f"expected {wanted}, found {describe(error.instance)}"
    form = _MESSAGES.get(str(error.validator))
    if form is None:
        return str(error.message)
    choices = ", ".join(map(str, _choices(schema)))
    return form.format(shown=describe(error.instance), limit=limit, choices=choices)


def _hint(error: ValidationError, schema: dict[str, Any]) -> str:
    found: Any = error.instance
    if error.validator == "enum" and isinstance(found, str):
        return did_you_mean(found, [str(one) for one in _choices(schema)])
    if error.validator != "type":
        return ""
    match error.validator_value, found:
        case "string", int() | float():
            return f'put it in quotes: "{describe(found)}"'
        case "array", str():
            return f"write a list: [{_short(found)}]"
        case "boolean", str() if found.lower() in _TRUTH:
            return f"write {_TRUTH[found.lower()]}"
    return ""


def _choices(schema: dict[str, Any]) -> list[object]:
    hidden = schema.get("x-aliases", {})
    return [one for one in schema.get("enum", ()) if one not in hidden]


def _short(text: str) -> str:
    shown = text.encode("unicode_escape").decode() if not text.isprintable() else text
    return shown if len(shown) <= _SHOWN_LENGTH else f"{shown[:_SHOWN_LENGTH]}…"


def _diagnostic(
    document: Document, pointer: Pointer, *, rule: str, message: str, hint: str = "", of_key: bool = False
) -> Diagnostic:
    line, column = document.place(pointer, of_key=of_key)
    return Diagnostic(
        path=document.path,
        line=line,
        column=column,
        pointer=dotted(pointer),
        rule=rule,
        message=message,
        hint=hint,
    )
