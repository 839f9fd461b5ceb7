"""Reading YAML: plain values, exact places, and no input that crashes or hangs."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.documents import MAX_BYTES, Document, load
from toolkit.schema import check


def _document(text: str) -> Document:
    loaded = load(text.encode(), path="file.yaml")
    assert loaded.document is not None
    assert loaded.diagnostics == ()
    return loaded.document


def _rules(content: bytes) -> list[str]:
    return [one.rule for one in load(content, path="file.yaml").diagnostics]


def test_values_are_plain_and_of_the_core_schema() -> None:
    text = "a: 010\nb: 0o17\nc: 0x1F\nd: 1.5\ne: no\nf: ~\ng: True\nh: 2024-01-01\ni: '1'\nj: 1e3\nk: +.5\nl:\n"

    assert _document(text).data == {
        "a": 10, "b": 15, "c": 31, "d": 1.5, "e": "no", "f": None, "g": True, "h": "2024-01-01", "i": "1", "j": 1000.0,
        "k": 0.5, "l": None,
    }  # fmt: skip


def test_keys_are_text() -> None:
    assert _document("1: a\ntrue: b\n").data == {"1": "a", "true": "b"}


@pytest.mark.parametrize(
    ("pointer", "value", "key"),
    [
        (("a",), (1, 4), (1, 1)),
        (("b", 1, "c"), (2, 12), (2, 9)),
        (("b", 0), (2, 5), (2, 5)),
        (("b", 9), (2, 4), (2, 1)),
        (("absent", "deeper"), (1, 1), (1, 1)),
        (("e",), (4, 1), (4, 1)),
    ],
)
def test_places_count_from_one(pointer: tuple[str | int, ...], value: tuple[int, int], key: tuple[int, int]) -> None:
    document = _document("a: 1\nb: [x, {c: d}]\nd: ''\ne:\nf: 1\n")

    assert document.place(pointer) == value
    assert document.place(pointer, of_key=True) == key


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_kind_of_line_end_counts_one(ending: str) -> None:
    assert _document(f"a: 1{ending}{ending}b: 2{ending}").place(("b",)) == (3, 4)


def test_other_unicode_separators_end_no_line_that_an_editor_counts() -> None:
    assert _document('a: "x\u2028y\x85z"\nb: 1\n').place(("b",)) == (2, 4)


@pytest.mark.parametrize(
    ("text", "line", "column", "place"),
    [
        ("v: |\n    A=1\n\n    B=2\n", 3, 1, (4, 5)),
        ("v: |-\n  A=1\n  B=2\n", 2, 3, (3, 5)),
        ("v: |2\n    A=1\n  B=2\n", 2, 1, (3, 3)),
        ("deep:\n  v: |\r\n    A=1\r\n    B=2\r\n", 2, 1, (4, 5)),
        ("v: A=1\n", 1, 3, (1, 6)),
        ("v: 'A=1'\n", 1, 3, (1, 7)),
        ('v: "A=1\\nB=2"\n', 2, 1, (1, 4)),
        ("v: >\n  A=1\n\n  B=2\n", 2, 1, (1, 4)),
    ],
)
def test_places_inside_a_text(text: str, line: int, column: int, place: tuple[int, int]) -> None:
    pointer = ("deep", "v") if text.startswith("deep") else ("v",)

    assert _document(text).place_within(pointer, line, column) == place


def test_they_are_kept_in_values() -> None:
    assert _document('a: x\u2028y\nb: |\n  p\x85q\u2029\nc: "\u2028"\n').data == {
        "a": "x\u2028y",
        "b": "p\x85q\u2029\n",
        "c": "\u2028",
    }


def test_an_alias_repeats_a_value_at_its_own_place() -> None:
    document = _document("a: &x {k: 1}\nb: *x\n")

    assert document.data == {"a": {"k": 1}, "b": {"k": 1}}
    assert document.place(("b",)) == (2, 4)
    assert document.place(("b", "k")) == (1, 11)


def test_the_first_of_two_equal_keys_counts_and_both_are_named() -> None:
    loaded = load(b"a: 1\nb: 2\na: 3\n", path="file.yaml")

    assert loaded.document is not None
    assert loaded.document.data == {"a": 1, "b": 2}
    (problem,) = loaded.diagnostics
    assert str(problem) == "file.yaml:3:1: a: the key 'a' is given twice (first in line 1)"


def test_all_problems_of_a_document_come_together() -> None:
    assert _rules(b"a: !x 1\na: 2\nb: .nan\n<<: {}\n") == [
        "yaml-tag", "yaml-duplicate-key", "yaml-number", "yaml-merge-key",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"#" * (MAX_BYTES + 1), "file-too-large"),
        (b"a: \xff", "invalid-utf-8"),
        ("a: b".encode("utf-16"), "invalid-utf-8"),
        (b"a: \x00", "yaml-control-character"),
        (b"a: \x1b[0m", "yaml-control-character"),
        (b"a: 1\n---\nb: 2\n", "yaml-several-documents"),
        (b"a: *b", "yaml-alias-unknown"),
        (b"&a [*a]", "yaml-alias-cycle"),
        (b"\ta: 1", "yaml-syntax"),
        (b"a: [", "yaml-syntax"),
        (b'a: "\\UFFFFFFFF"', "yaml-syntax"),
        (b"[" * 100, "yaml-too-deep"),
        (b"- " * 100_000, "yaml-too-deep"),
        (b"a: !" + b"x" * 100_000, "yaml-tag"),
        (b"[" + b"a," * 60_000 + b"]", "yaml-too-many-values"),
    ],
)
def test_what_is_no_document_says_why(content: bytes, rule: str) -> None:
    loaded = load(content, path="file.yaml")

    assert loaded.document is None
    assert [one.rule for one in loaded.diagnostics] == [rule]


def test_an_empty_text_is_a_document_of_nothing() -> None:
    for text in ("", "# only a comment\n", "---\n", "\ufeff"):
        assert _document(text).data is None


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
        "a: " + "x" * (MAX_BYTES - 10),
        "a: '" + "x y " * 200_000,
        "a: |\n" + "  x\n" * 200_000,
        "x: y\n" * 200_000,
        "a: " + "b\n  " * 150_000,
        "- -\n" * 200_000,
        "{" * 500_000,
        "? " * 200_000,
        "\n" * 900_000,
        "!" * 900_000,
        "a: " + "&" * 500_000,
        "---\n" * 200_000,
        'a: "' + "\\n" * 400_000 + '"',
    ],
    ids=lambda text: repr(text[:12]),
)
def test_hostile_texts_end_soon(text: str) -> None:
    started = time.monotonic()
    loaded = load(text.encode(), path="file.yaml")
    if loaded.document is not None:
        check(loaded.document, "environment")

    assert time.monotonic() - started < 60  # a hang, not the speed, is what this is about


_KEYS = ["version", "name", "network", "access", "allow", "variables", "image", "agent", "secrets", "from"]
_SIGNS = [": ", ":", "- ", "[", "]", "{", "}", ",", "|\n", ">-\n", "<<", "'", '"', "\\", "#", "? ", "@", "`", "~"]
_BLANKS = ["\n", "\n  ", "\n    ", "\t", "\r\n", "---\n", "...\n", "\ufeff", "\u2028", "\x85"]
_ODD = ["&a ", "*a", "!x ", "!!int ", "%YAML 1.1\n", "1", "0x", ".inf", "1e999", "true", "\x07", "A=1\n", "B='\n"]
_WORDS = st.sampled_from([*_KEYS, *_SIGNS, *_BLANKS, *_ODD, "\\u0000", '"\\ud800"', "é", "x" * 300])


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.lists(_WORDS, max_size=40).map(lambda words: "".join(words).encode())))
def test_no_bytes_crash_load_and_check(content: bytes) -> None:
    loaded = load(content, path="file.yaml")
    if loaded.document is None:
        assert loaded.diagnostics
        return
    for name in ("environment", "settings"):
        for problem in check(loaded.document, name):
            assert problem.line >= 1
            assert problem.column >= 1
            str(problem).encode()
