"""Edits change the value in question and nothing else."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.documents import load
from toolkit.documents.edit import remove_value, set_value
from toolkit.errors import InvalidError, ToolkitError

SETTINGS = """\
# ours
remote:   # what sessions get
  # since May
  default_environment: 'web'   # ask first
site:
    ca_certificates:
    - host   # the company's
    - b.pem

    subnets: [10.0.0.0/8, 10.64.0.0/16]
# the end
"""


@pytest.mark.parametrize(
    ("before", "pointer", "value", "after"),
    [
        ("", ("a", "b"), 1, "a:\n  b: 1\n"),
        ("# note\n", ("a",), True, "# note\na: true\n"),
        ("# note", ("a",), None, "# note\na: null\n"),
        ("---\n", ("a",), "x", "---\na: x\n"),
        ("{}", ("a",), "x", "{a: x}"),
        ("{a: 1}\n", ("b",), 2, "{a: 1, b: 2}\n"),
        ("a: 1\n", ("a",), "1", 'a: "1"\n'),
        ("a: 1 # why\nb: 2\n", ("a",), 3, "a: 3 # why\nb: 2\n"),
        ("a: 'x'\n", ("a",), "it's", "a: 'it''s'\n"),
        ('a: "x"\n', ("a",), "y", 'a: "y"\n'),
        ("a: x\n", ("a",), "no", 'a: "no"\n'),
        ("a: x\n", ("a",), "two\nlines", 'a: "two\\nlines"\n'),
        ("a:  # none yet\nb: 1\n", ("a",), "x", "a: x  # none yet\nb: 1\n"),
        ("a:  # none yet\nb: 1\n", ("a", "c"), "x", "a:  # none yet\n  c: x\nb: 1\n"),
        ("a:\n    b: 1\nc: 2\n", ("a", "d", "e"), 3, "a:\n    b: 1\n    d:\n        e: 3\nc: 2\n"),
        ("a:\n  b: 1\n\n# about c\nc: 2\n", ("a", "d"), 3, "a:\n  b: 1\n  d: 3\n\n# about c\nc: 2\n"),
        ("a: 1", ("b",), 2, "a: 1\nb: 2\n"),
        ("a:\r\n  b: 1\r\n", ("a", "c"), "x", "a:\r\n  b: 1\r\n  c: x\r\n"),
        ("\ufeffa: 1\n", ("b",), 2, "\ufeffa: 1\nb: 2\n"),
        ("a: |\n  x\n  y\nb: 1\n", ("a",), "z", "a: z\nb: 1\n"),
        ("a: |+\n  x\n\n", ("b",), 1, "a: |+\n  x\n\nb: 1\n"),
        ("a: [1, 2]\n", ("a", 2), 3, "a: [1, 2, 3]\n"),
        ("a:\n- 1 # one\n- 2\n", ("a", 2), 3, "a:\n- 1 # one\n- 2\n- 3\n"),
        ("a:\n- 1 # one\n- 2\n", ("a", 1), "x", "a:\n- 1 # one\n- x\n"),
        ("a: &it web\nb: *it\n", ("b",), "x", "a: &it web\nb: x\n"),
        ("- a: 1\n", (0, "b"), 2, "- a: 1\n  b: 2\n"),
    ],
)
def test_a_value_is_set_where_it_belongs(
    before: str, pointer: tuple[str | int, ...], value: object, after: str
) -> None:
    assert set_value(before, pointer, value) == after


@pytest.mark.parametrize(
    ("before", "pointer", "after"),
    [
        ("a: 1\nb: 2\n", ("a",), "b: 2\n"),
        ("a: 1 # kept\nb: 2\n", ("a",), "# kept\nb: 2\n"),
        ("a: 1\n", ("b",), "a: 1\n"),
        ("a: 1\n", ("a",), ""),
        ("{a: 1}\n", ("a",), "{}\n"),
        ("a: {b: 1, c: 2}\n", ("a", "b"), "a: {c: 2}\n"),
        ("a: {b: 1, c: 2}\n", ("a", "c"), "a: {b: 1}\n"),
        ("a: [1, 2, 3]\n", ("a", 1), "a: [1, 3]\n"),
        ("a:\n- 1\n# two\n- 2\n", ("a", 1), "a:\n- 1\n# two\n"),
        ("a:\n- 1\n", ("a", 0), "a: []\n"),
        ("a:\n  b:\n    c: 1\nd: 2\n", ("a", "b", "c"), "d: 2\n"),
        ("- a: 1\n  b: 2\n", (0, "a"), "- b: 2\n"),
        ('"a # b": 1 # c\nd: 2\n', ("a # b",), "# c\nd: 2\n"),
    ],
)
def test_a_value_is_removed_with_the_mappings_that_held_only_it(
    before: str, pointer: tuple[str | int, ...], after: str
) -> None:
    assert remove_value(before, pointer) == after


def test_quoting_and_comments_beside_the_value_stay() -> None:
    after = set_value(SETTINGS, ("remote", "default_environment"), "python")
    assert after == SETTINGS.replace("'web'", "'python'")


def test_an_equal_value_leaves_the_text_alone() -> None:
    assert set_value(SETTINGS, ("site", "ca_certificates"), ["host", "b.pem"]) == SETTINGS


def test_a_list_keeps_the_items_it_had_with_their_comments() -> None:
    after = set_value(SETTINGS, ("site", "ca_certificates"), ["host", "c.pem"])
    assert after == SETTINGS.replace("- b.pem", "- c.pem")


def test_a_mapping_is_changed_key_by_key() -> None:
    after = set_value(SETTINGS, ("site",), {"subnets": ["10.0.0.0/8", "10.64.0.0/16"], "image_registry": "r"})
    assert after == SETTINGS.replace(
        "    ca_certificates:\n    - host   # the company's\n    - b.pem\n", "    # the company's\n"
    ).replace("# the end", "    image_registry: r\n# the end")


def test_comments_of_removed_lines_stay_as_lines() -> None:
    after = remove_value(SETTINGS, ("remote", "default_environment"))
    assert after.startswith("# ours\n# what sessions get\n# since May\n# ask first\nsite:\n")


def test_long_lists_get_lines_of_their_own() -> None:
    hosts = [f"packages-{number}.example.com" for number in range(4)]
    after = set_value("site:\n  subnets: []\n", ("site", "registries", "pip"), hosts)
    assert after == ("site:\n  subnets: []\n  registries:\n    pip:\n" + "".join(f"      - {host}\n" for host in hosts))


@pytest.mark.parametrize("text", ["a: [", "a: 1\na: 2\n", "a: 1\n---\nb: 2\n"])
def test_a_text_that_is_no_document_is_refused_with_its_problems(text: str) -> None:
    with pytest.raises(InvalidError) as caught:
        set_value(text, ("a",), 1)
    assert caught.value.diagnostics


def test_a_scalar_in_the_way_is_named() -> None:
    with pytest.raises(ToolkitError, match="'b' cannot be set"):
        set_value("a: 1\n", ("a", "b"), 2)


def test_an_edit_that_would_change_another_value_is_refused() -> None:
    with pytest.raises(ToolkitError, match="'a' cannot be changed in place"):
        set_value("a: &it web\nb: *it\n", ("a",), "x")


def test_a_value_that_yaml_has_no_word_for_is_a_type_error() -> None:
    with pytest.raises(TypeError):
        set_value("", ("a",), {1, 2})


@pytest.mark.parametrize("value", ["\0", "\ud800"])
def test_a_character_that_no_file_of_ours_may_name_is_refused(value: str) -> None:
    with pytest.raises(ToolkitError, match="'a' cannot be changed in place"):
        set_value("a: b\n", ("a",), value)


NAMES = st.sampled_from(["alpha", "beta", "gamma", "delta"])
SCALARS = st.one_of(
    st.booleans(),
    st.none(),
    st.integers(-99, 99),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs"], exclude_characters="\0"), max_size=6),
    st.sampled_from(["web", "no", "1e3", "0x1f", "2024-01-01", " # x", "a: b", "- x", "~", "<<", "=", "*a", "&a"]),
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=6
)


@st.composite
def documents(draw: st.DrawFn, depth: int = 0) -> str:
    """Block mappings as people write them: comments, blank lines, several quotings, brackets."""
    lines: list[str] = []
    pad = "  " * depth
    for name in draw(st.lists(NAMES, min_size=1, max_size=3, unique=True)):
        if draw(st.booleans()):
            lines.append(draw(st.sampled_from(["", f"{pad}# above {name}"])))
        comment = draw(st.sampled_from(["", f"  # beside {name} {depth}"]))
        kind = draw(st.sampled_from(["scalar", "brackets", "list", "text", "mapping" if depth < 2 else "scalar"]))
        if kind == "mapping":
            lines += [f"{pad}{name}:{comment}", draw(documents(depth + 1)).rstrip("\n")]
        elif kind == "list":
            lines += [f"{pad}{name}:{comment}", *(f"{pad}- {item}{comment}" for item in ("one", "'two'"))]
        elif kind == "text":
            lines += [f"{pad}{name}: |{comment}", f"{pad}  # no comment", f"{pad}  text"]
        else:
            written = ["1", "web", "'it''s'", '"q # q"', ""] if kind == "scalar" else ["[a, 'b']", "{}", "{k: v}"]
            lines.append(f"{pad}{name}: {draw(st.sampled_from(written))}{comment}")
    return "\n".join(lines) + "\n"


def _comments(text: str) -> list[str]:
    return sorted(re.findall("# (?:above|beside) .*", text))


@given(documents(), st.lists(NAMES, min_size=1, max_size=3), VALUES)
def test_what_is_set_reads_back_and_keeps_every_comment(text: str, pointer: list[str], value: object) -> None:
    try:
        after = set_value(text, tuple(pointer), value)
    except ToolkitError as error:
        assert "is no mapping" in error.message  # noqa: PT017 -- the only refusal that is meant here
        return
    found: object = _data(after)
    for step in pointer:
        assert isinstance(found, dict)
        found = found[step]
    assert found == value
    assert _comments(after) == _comments(text)


@given(documents(), st.lists(NAMES, min_size=1, max_size=3))
def test_what_is_removed_is_gone_and_leaves_every_comment(text: str, pointer: list[str]) -> None:
    after = remove_value(text, tuple(pointer))
    found: object = _data(after)
    for step in pointer[:-1]:
        found = found.get(step) if isinstance(found, dict) else None
    assert not isinstance(found, dict) or pointer[-1] not in found
    assert _comments(after) == _comments(text)


def _data(text: str) -> object:
    loaded = load(text.encode(), path="x.yaml")
    assert loaded.document is not None, loaded.diagnostics
    return loaded.document.data or {}
