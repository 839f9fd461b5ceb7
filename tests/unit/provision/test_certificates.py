from __future__ import annotations

from pathlib import Path

import certifi
import pytest

from toolkit.errors import ToolkitError
from toolkit.model.environment import Certificate
from toolkit.provision.certificates import fingerprint, read, split, unique

BUNDLE = split("public.pem", Path(certifi.where()).read_text())


def test_a_bundle_gives_each_certificate_for_itself() -> None:
    text = f"# a remark\n{BUNDLE[0].pem}\nmore words\n{BUNDLE[1].pem}"
    assert [one.pem for one in split("site.pem", text)] == [BUNDLE[0].pem, BUNDLE[1].pem]


def test_a_private_key_beside_a_certificate_is_left_out() -> None:
    key = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n-----END PRIVATE KEY-----\n"
    (found,) = split("both.pem", key + BUNDLE[0].pem)
    assert "PRIVATE" not in found.pem


def test_line_ends_and_indentation_make_no_difference() -> None:
    windows = BUNDLE[0].pem.replace("\n", "\r\n")
    indented = "\n".join("  " + line for line in BUNDLE[0].pem.splitlines())
    assert split("a", windows)[0].pem == split("a", indented)[0].pem == BUNDLE[0].pem


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ],
)
def test_what_holds_no_certificate_is_an_error_that_names_the_file(text: str) -> None:
    with pytest.raises(ToolkitError, match=r"corporate\.pem"):
        split("corporate.pem", text)


def test_each_certificate_counts_once_whatever_its_file_was_called() -> None:
    twice = [
        Certificate(name="a.pem", pem=BUNDLE[0].pem + BUNDLE[1].pem),
        Certificate(name="b.pem", pem=BUNDLE[1].pem),
    ]
    found = unique(twice)
    assert [fingerprint(one.pem) for one in found] == sorted(fingerprint(one.pem) for one in BUNDLE[:2])
    assert [one.pem for one in unique(reversed(twice))] == [one.pem for one in found]


def test_a_missing_file_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(ToolkitError, match=r"absent\.pem"):
        read(tmp_path / "absent.pem")
