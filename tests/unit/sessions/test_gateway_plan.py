from __future__ import annotations

import io
import tarfile
from ipaddress import IPv4Network

from toolkit.model import labels
from toolkit.model.gateway import GatewayFile
from toolkit.sessions import gateway_plan as plan
from toolkit.sessions.addresses import SessionAddresses

PLAN = plan.GatewayPlan(image="sha256:1", policy="ab" * 32, level="custom", files=lambda _: ())


def test_the_gateway_is_confined_and_found_by_label() -> None:
    made = plan.gateway_request(PLAN, session="calm-otter-3f9a", launcher="h:1:2", network="net", address="10.213.0.3")
    assert made.read_only
    assert set(made.cap_add) == {"CHOWN", "NET_ADMIN", "SETGID", "SETPCAP", "SETUID"}
    assert made.sysctls["net.ipv4.ip_forward"] == "0"
    assert made.labels[labels.KIND] == "gateway"
    assert made.labels[labels.SESSION] == "calm-otter-3f9a"
    assert made.labels[labels.POLICY] == PLAN.policy
    assert (made.memory, made.pids) == (256 << 20, 128)
    assert made.log_bytes


def test_the_proxy_reads_what_others_may_not_and_changes_nothing() -> None:
    files = (GatewayFile(path="squid.conf", content=b"a"), GatewayFile(path="secrets.conf", content=b"b", mode=0o600))
    with tarfile.open(fileobj=io.BytesIO(plan.packed(files))) as tar:
        found = {one.name: (one.uid, one.gid, one.mode, one.isdir()) for one in tar}
    assert found["squid.conf"] == (0, 0, 0o644, False)
    assert found["secrets.conf"] == (0, 13, 0o640, False)
    assert found["state"] == (0, 0, 0o755, True)


def test_addresses_of_a_session() -> None:
    made = SessionAddresses.of(IPv4Network("10.213.0.8/29"))
    assert (made.host, made.session, made.gateway, made.git_gateway) == (
        "10.213.0.9",
        "10.213.0.10",
        "10.213.0.11",
        "10.213.0.12",
    )
