"""`tools/attack`: what its table says of a case, by the report that pytest writes."""

from __future__ import annotations

import importlib.util
from importlib.machinery import SourceFileLoader
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

TOOL = Path(__file__).parents[2] / "tools" / "attack"
FAILED = '<failure message="assert False"/>'
BROKEN = '<error message="no engine"/>'


def row(outcome: str = "", **told: str) -> tuple[str, ...] | None:
    loader = SourceFileLoader("attack", str(TOOL))
    spec = importlib.util.spec_from_loader("attack", loader)
    assert spec
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    properties = "".join(f'<property name="{name}" value="{value}"/>' for name, value in told.items())
    case = ET.fromstring(f"<testcase><properties>{properties}</properties>{outcome}</testcase>")
    found: tuple[str, ...] | None = module._row(case)
    return found


def test_an_attack_that_held() -> None:
    told = {"attack": "ssh", "answer": "403", "rule": "default", "verdict": "held"}
    assert row(**told) == ("ssh", "403", "default", "held")


@pytest.mark.parametrize("verdict", ["control failed", "no answer", "NOT REFUSED", "not in the audit", "gateway ended"])
def test_a_failure_is_told_by_how_far_the_attack_came(verdict: str) -> None:
    assert row(FAILED, attack="ssh", verdict=verdict) == ("ssh", "-", "-", verdict)


def test_what_breaks_around_an_attack_is_no_success_of_it() -> None:
    assert row(BROKEN, attack="ssh") == ("ssh", "-", "-", "error")
    assert row(BROKEN, attack="ssh", verdict="held") == ("ssh", "-", "-", "error")


def test_other_tests_are_no_attacks() -> None:
    assert row() is None
