"""`.env` text: what passes the check reads back as it was written."""

from __future__ import annotations

import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.declare import dotenv


def _read(text: str) -> dict[str, str]:
    said = dotenv.check(text)
    assert [one.fault for one in said.faults if not one.is_warning] == []
    return {one.key: dotenv.value_of(one) for one in said.assignments}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("A=1", {"A": "1"}),
        ("A=bar#baz", {"A": "bar"}),
        ("A=bar # baz", {"A": "bar"}),
        ("A=#", {"A": ""}),
        ("  A \t=\t b c \t\n", {"A": "b c"}),
        ("export A=1\nexport\tB=2", {"A": "1", "B": "2"}),
        ("export=1", {"export": "1"}),
        ("A='x # y' # z", {"A": "x # y"}),
        ('A="x # y"#z', {"A": "x # y"}),
        ('A="one\ntwo"\nB=3', {"A": "one\ntwo", "B": "3"}),
        ("A=$HOME/${B}", {"A": "$HOME/${B}"}),
        ('A="$HOME"', {"A": "$HOME"}),
        ("A=it's", {"A": "it's"}),
        ("A=back\\slash\\n", {"A": "back\\slash\\n"}),
        ("A=1\nA=2", {"A": "2"}),
        ("\n# A=1\n \t\n", {}),
        ("A=1\r\nB=2\r\n", {"A": "1", "B": "2"}),
        ("A=x=y", {"A": "x=y"}),
        ("A=''\nB=\"\"\nC=", {"A": "", "B": "", "C": ""}),
        ("A='ends in a backslash\\\\'\nB='x'", {"A": "ends in a backslash\\", "B": "x"}),
        ('A="quote \\" inside"', {"A": 'quote " inside'}),
        ("A=\u00a0x\u2028", {"A": "\u00a0x\u2028"}),
    ],
)
def test_values(text: str, values: dict[str, str]) -> None:
    assert _read(text) == values


@pytest.mark.parametrize(
    ("text", "line", "column", "rule"),
    [
        ("A", 1, 1, "dotenv-line"),
        ("A=1\n  just words", 2, 3, "dotenv-line"),
        ("export A", 1, 1, "dotenv-line"),
        ("1A=2", 1, 1, "dotenv-key"),
        ("A B=2", 1, 1, "dotenv-key"),
        ("=2", 1, 1, "dotenv-key"),
        ("export 'A'=2", 1, 8, "dotenv-key"),
        ("Ä=2", 1, 1, "dotenv-key"),
        ('A=1\nB="open\nC=2', 2, 3, "dotenv-quote"),
        ("A='open", 1, 3, "dotenv-quote"),
        ("A='ends in an escape\\'", 1, 3, "dotenv-quote"),
        ('A="x"y', 1, 6, "dotenv-after-quote"),
        ('A="x\ny"  z', 2, 5, "dotenv-after-quote"),
        ("A=\x1b[0m", 1, 3, "dotenv-control-character"),
        ("A=1\rB=2", 1, 3, "dotenv-control-character"),
        ("TOOLKIT_ROOT=/", 1, 1, "dotenv-reserved"),
        ("export CLAUDE_CODE_REMOTE_SESSION_ID=1", 1, 8, "dotenv-reserved"),
        ("no_proxy=*", 1, 1, "dotenv-reserved"),
        ("HTTPS_PROXY=x", 1, 1, "dotenv-reserved"),
        ("NODE_EXTRA_CA_CERTS=x", 1, 1, "dotenv-reserved"),
    ],
)
def test_faults_have_their_place(text: str, line: int, column: int, rule: str) -> None:
    (found,) = [one for one in dotenv.check(text).faults if not one.is_warning]

    assert (found.line, found.column, found.fault.rule) == (line, column, rule)


def test_a_duplicate_is_a_warning_that_knows_the_first() -> None:
    (found,) = dotenv.check("A=1\nB=2\nA=3\n").faults

    assert (found.line, found.first, found.fault.rule, found.is_warning) == (3, 1, "dotenv-duplicate", True)


def test_every_line_is_checked() -> None:
    assert [one.line for one in dotenv.check("x\nA=1\ny\nB='\nz\n").faults] == [1, 3, 4, 5]


_KEY = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
_CHARACTERS = st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n\t")
_VALUE = st.text(_CHARACTERS, max_size=20)


def _written(value: str, style: str) -> str:
    """The value as a person who knows the rules would write it."""
    if style == "double" and "\\" not in value:
        return '"' + value.replace('"', '\\"') + '"'
    if style == "plain" and not set(value) & set("\n#'\"") and value == value.strip(" \t"):
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


@settings(max_examples=500, deadline=None)
@given(
    st.lists(
        st.tuples(
            _KEY.filter(lambda key: not dotenv._RESERVED.fullmatch(key)),
            _VALUE,
            st.sampled_from(["plain", "single", "double"]),
            st.sampled_from(["", "export ", "  "]),
            st.sampled_from(["", " # comment", "  "]),
        ),
        max_size=6,
        unique_by=lambda row: row[0],
    )
)
def test_what_is_written_by_the_rules_reads_back(rows: list[tuple[str, str, str, str, str]]) -> None:
    text = "".join(f"{before}{key}={_written(value, style)}{after}\n" for key, value, style, before, after in rows)

    assert _read(text) == {key: value for key, value, *_ in rows}


_SNIPPETS = st.sampled_from([*"AB=#'\"\\ \t\n$", "export ", "A=", "\r\n", "é", "\x00", "\u2028", string.punctuation])


@settings(max_examples=500, deadline=None)
@given(st.lists(_SNIPPETS, max_size=30).map("".join))
def test_any_text_has_either_faults_or_values_that_python_dotenv_agrees_with(text: str) -> None:
    said = dotenv.check(text)
    for one in said.faults:
        lines = text.replace("\r\n", "\n").split("\n")
        assert 1 <= one.line <= len(lines)
        assert 1 <= one.column <= len(lines[one.line - 1]) + 1
    if not [one for one in said.faults if not one.is_warning]:
        for assignment in said.assignments:
            assert isinstance(dotenv.value_of(assignment), str)
