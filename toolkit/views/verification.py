"""A verification as a table, as JSON, and as a JUnit report."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from toolkit.model.verification import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from toolkit.console import Console
    from toolkit.model.verification import Proof, Verification

_MARKS = {Verdict.PASS: "✓ pass", Verdict.FAIL: "✗ fail", Verdict.SKIP: "- skip"}
_COLUMNS = ("ENVIRONMENT", "CHECK", "RESULT", "DETAIL")


def show(console: Console, found: Sequence[Verification], *, one: bool) -> None:
    """`one`: the document of a single environment; else a list of such."""
    if console.as_json:
        documents = [_document(each) for each in found]
        console.document(documents[0] if one else {"verifications": documents})
        return
    rows = [
        (each.environment, _plain(check.name), _MARKS[check.status], _plain(check.detail.partition("\n")[0]))
        for each in found
        for check in each.checks
    ]
    console.table(_COLUMNS, rows)
    failed = sum(check.status is Verdict.FAIL for each in found for check in each.checks)
    console.note(f"{len(rows)} checks, {failed} failed")


def junit(found: Sequence[Verification]) -> bytes:
    """The report that CI systems read: a suite for each environment, a case for each check."""
    top = ET.Element("testsuites")
    for each in found:
        counts = {status: sum(one.status is status for one in each.checks) for status in Verdict}
        suite = ET.SubElement(
            top,
            "testsuite",
            name=each.environment,
            tests=str(len(each.checks)),
            failures=str(counts[Verdict.FAIL]),
            skipped=str(counts[Verdict.SKIP]),
        )
        for check in each.checks:
            case = ET.SubElement(suite, "testcase", classname=f"toolkit.{each.environment}", name=_plain(check.name))
            case.set("time", f"{check.seconds:.3f}")
            if check.status is Verdict.FAIL:
                ET.SubElement(case, "failure", message=_plain(check.detail))
            elif check.status is Verdict.SKIP:
                ET.SubElement(case, "skipped", message=_plain(check.detail))
    return bytes(ET.tostring(top, encoding="utf-8", xml_declaration=True))


def _plain(text: str) -> str:
    """What programs printed may hold control characters: a terminal obeys them, and XML may not hold them."""
    return "".join(one if one.isprintable() or one == "\n" else "·" for one in text)


def _document(each: Verification) -> dict[str, object]:
    return {"environment": each.environment, "checks": [_fields(one) for one in each.checks]}


def _fields(check: Proof) -> dict[str, object]:
    return {
        "name": check.name,
        "status": check.status.value,
        "detail": check.detail,
        "seconds": round(check.seconds, 3),
    }
