from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.gateways.push_rules import Known, Rules, Update, refusals

OLD, NEW, NONE = "1" * 40, "2" * 40, "0" * 40
OWN = "refs/heads/session/calm-otter"
STRICT = Rules(branch="session/calm-otter", patterns=["session"], tags=False)
OPEN = Rules(branch="session/calm-otter", patterns=["session", "release/*", "docs"], tags=True)
USUAL = Known(is_symbolic=lambda _ref: False, is_ancestor=lambda _old, _new: True)


@pytest.mark.parametrize(
    ("update", "rules", "word"),
    [
        (Update(NONE, NEW, OWN), STRICT, ""),
        (Update(OLD, NEW, OWN), STRICT, ""),
        (Update(OLD, NONE, OWN), STRICT, "deleting"),
        (Update(OLD, NEW, "refs/heads/main"), STRICT, "may push refs/heads/session/calm-otter, nothing else"),
        (Update(NONE, NEW, "refs/heads/session"), STRICT, "nothing else"),
        (Update(NONE, NEW, f"{OWN}/below"), STRICT, "nothing else"),
        (Update(NONE, NEW, f"{OWN}2"), STRICT, "nothing else"),
        (Update(NONE, NEW, "refs/heads/session/other-fox"), STRICT, "nothing else"),
        (Update(NONE, NEW, "refs/tags/v1"), STRICT, "nothing else"),
        (Update(NONE, NEW, "refs/notes/commits"), OPEN, "nothing else"),
        (Update(NONE, NEW, "refs/for/main"), OPEN, "nothing else"),
        (Update(NONE, NEW, "refs/pull/1/head"), OPEN, "nothing else"),
        (Update(NONE, NEW, "HEAD"), OPEN, "nothing else"),
        (Update(NONE, NEW, "refs/tags/v1"), OPEN, ""),
        (Update(OLD, NEW, "refs/tags/v1"), OPEN, "tags are not moved"),
        (Update(OLD, NONE, "refs/tags/v1"), OPEN, "deleting"),
        (Update(NONE, NEW, "refs/heads/release/1/2"), OPEN, ""),
        (Update(NONE, NEW, "refs/heads/release"), OPEN, "nothing else"),
        (Update(NONE, NEW, "refs/heads/Docs"), OPEN, "nothing else"),
    ],
)
def test_one_ref(update: Update, rules: Rules, word: str) -> None:
    found = refusals([update], rules, USUAL)
    assert len(found) == bool(word)
    assert word in "".join(found)


def test_a_symbolic_ref_and_a_rewrite_are_refused() -> None:
    symbolic = USUAL._replace(is_symbolic=lambda ref: ref == OWN)
    assert "symbolic" in refusals([Update(OLD, NEW, OWN)], STRICT, symbolic)[0]
    rewritten = USUAL._replace(is_ancestor=lambda _old, _new: False)
    assert "not a fast-forward" in refusals([Update(OLD, NEW, OWN)], STRICT, rewritten)[0]


def test_every_bad_ref_of_a_push_is_named() -> None:
    updates = [Update(NONE, NEW, ref) for ref in (OWN, "refs/heads/main", "refs/tags/v1")]
    found = refusals(updates, STRICT, USUAL)
    assert [one.split(":")[0] for one in found] == ["refs/heads/main", "refs/tags/v1"]


@given(ref=st.text(alphabet=string.ascii_letters + string.digits + "/-*?[]._", min_size=1))
def test_nothing_but_the_own_branch_passes_the_default_rules(ref: str) -> None:
    assert bool(refusals([Update(NONE, NEW, ref)], STRICT, USUAL)) == (ref != OWN)
