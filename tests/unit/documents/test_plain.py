"""The fast tier: where it gives a value, the exact one gives the same and no problem."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.documents import load
from toolkit.documents.plain import read_plain

_ROOT = Path(__file__).resolve().parents[3]
_FILES = sorted([*_ROOT.glob("envs/*.yaml"), *_ROOT.glob("tests/schemas/*/*.yaml")])

_SCALARS = """
a name no yes null ~ true False 1 010 0o17 0x1f 1.5 .5 1e3 -1 +1 .inf -.inf .nan 1:30 2024-01-01 = << - -- --next -a
: :a a: a:b https://example.com/x#y a#b * *a & &a ! !a | > % @a ` ? ?a , [ ] { } [] {} [a] {a:1} [a,b] [a:b] [,] 'a'
'it''s' "q" "a\\n" '' "" startup|resume {task} "{task}" # #c --- ... |- |+ |2 >-
"""
_PHRASES = ["{a: 1}", "[a, b]", "[a: b]", "{a: b, c: d}", "[a, ]", "[[a], {b: c}]", "pnpm install", "'a' b", "a\u00a0b"]
_WORDS = st.sampled_from([*_SCALARS.split(), *_PHRASES, "\u00e9", "\u2028", "\ufeff", "\t"])
_LINES = st.builds(
    lambda indent, dash, key, words, comment: " " * indent + dash + key + " ".join(words) + comment,
    st.integers(0, 6),
    st.sampled_from(["", "", "", "- ", "-", "-  "]),
    st.sampled_from(
        ["", "a: ", "b: ", "c:", "d:", "a:  ", "key: |", "s: |-", "e: [", "f: {", "true: ", "1: ", "'k': "]
    ),
    st.lists(_WORDS, max_size=3),
    st.sampled_from(["", "", "", " # why", " #", "#x", " "]),
)
_TEXTS = st.builds(
    lambda lines, end: "\n".join(lines) + end, st.lists(_LINES, max_size=12), st.sampled_from(["\n", "", "\n\n"])
)


def _agrees(content: bytes) -> bool:
    plain = read_plain(content)
    if plain is None:
        return False
    exact = load(content, path="x.yaml")
    assert exact.diagnostics == ()
    assert exact.document is not None
    assert _typed(exact.document.data) == _typed(plain)
    return True


def _typed(value: object) -> object:
    """1, 1.0 and True differ, and so does the order of keys."""
    if isinstance(value, dict):
        return [(key, _typed(one)) for key, one in value.items()]
    if isinstance(value, list):
        return [_typed(one) for one in value]
    return (type(value), value)


@pytest.mark.parametrize("path", _FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_agrees_on_every_file_that_there_is(path: Path) -> None:
    _agrees(path.read_bytes())


def test_takes_the_environments_that_ship() -> None:
    assert all(_agrees(path.read_bytes()) for path in _ROOT.glob("envs/*.yaml"))


@settings(max_examples=1500, deadline=None)
@given(_TEXTS)
def test_agrees_on_lines_of_all_kinds(text: str) -> None:
    _agrees(text.encode())


@settings(max_examples=700, deadline=None)
@given(
    st.sampled_from(
        [path.read_text(encoding="utf-8") for path in _FILES if "valid" in path.parts or "envs" in path.parts] or [""]
    ),
    st.data(),
)
def test_agrees_on_damaged_files(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text)))
    put = data.draw(st.one_of(_WORDS, st.sampled_from(["\n", " ", "  ", "\n  ", "\r\n", ":", "- "])))
    gone = data.draw(st.integers(0, 3))
    _agrees((text[:at] + put + text[at + gone :]).encode())


@settings(max_examples=500, deadline=None)
@given(st.text(alphabet="ab:-# |[]{},'\"\n\\&*!%?>~0.", max_size=60))
def test_agrees_on_any_text(text: str) -> None:
    _agrees(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "a: &x 1\nb: *x\n",
        "a: !!str 1\n",
        "<<: {a: 1}\n",
        "a: 1\na: 2\n",
        "a: 1\n---\nb: 2\n",
        "%YAML 1.2\n---\na: 1\n",
        'a: "\\x41"\n',
        "a: >\n  folded\n",
        "a: b\n  c\n",
        "a: .inf\n",
        "a:\tb\n",
        "a: b\r\n",
        "\ufeffa: b\n",
        "  ---\nk: v\n",
    ],
)
def test_leaves_what_is_not_plain_to_the_exact_reader(text: str) -> None:
    assert read_plain(text.encode()) is None
