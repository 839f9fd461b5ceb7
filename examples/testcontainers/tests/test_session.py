"""The environment as a session: behind its gateways, its hooks over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from toolkit.testing import EnvironmentSession

pytestmark = pytest.mark.toolkit_env("web-app")

FETCH = """
import urllib.error, urllib.request
try:
    urllib.request.urlopen("http://telemetry.example.com/")
except urllib.error.HTTPError as error:
    print(error.code, error.headers["X-Deny-Reason"])
"""


def test_hooks_have_run(toolkit_session: EnvironmentSession) -> None:
    assert toolkit_session.exec(["printenv", "SHOP_READY"]).output == b"yes\n"


def test_telemetry_is_refused_and_on_record(toolkit_session: EnvironmentSession) -> None:
    assert toolkit_session.exec(["python3", "-c", FETCH]).output == b"403 host_not_allowed\n"
    assert [(one.host, one.decision) for one in toolkit_session.audit()] == [("telemetry.example.com", "deny")]
