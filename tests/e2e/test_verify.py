"""`toolkit verify` on the real engine: a kept declaration passes, a tampered image is named, nothing stays."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from toolkit.model import labels

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.cli import Toolkit
    from toolkit.engines.docker import DockerEngine

DECLARATION = """version: 1
name: web
network: {access: custom, allow: [api.example.com], deny: [bad.example.com]}
variables: |
  MARK=as declared
image: {packages: {apt: [tree]}}
resources: {memory: 256m, pids: 200}
"""


@pytest.fixture
def site(provisioned: Toolkit, tmp_path: Path) -> Iterator[Toolkit]:
    (tmp_path / "root" / "envs").mkdir(parents=True)
    (tmp_path / "root" / "envs" / "web.yaml").write_text(DECLARATION)
    root = tmp_path / "root"
    toolkit = type(provisioned)(root=root, cwd=root, environment=provisioned.environment)
    toolkit("up", "--yes")
    yield toolkit
    toolkit("destroy", "--yes", "--force")


def statuses(document: dict[str, object]) -> dict[str, str]:
    return {one["name"]: one["status"] for one in document["checks"]}  # type: ignore[attr-defined]


def test_a_kept_declaration_passes_and_a_tampered_image_is_named(
    site: Toolkit, engine: DockerEngine, tmp_path: Path
) -> None:
    report = tmp_path / "report.xml"
    document = site.json("verify", "web", "--junit", str(report))
    assert document["environment"] == "web"
    found = statuses(document)
    assert set(found.values()) == {"pass", "skip"}
    assert [name for name, status in found.items() if status == "skip"] == ["setup", "hooks", "secrets"]
    suite = ET.parse(report).getroot()[0]
    assert (suite.get("name"), suite.get("failures"), suite.get("tests")) == ("web", "0", str(len(found)))

    reference = site.json("up", "--yes")["images"]["web"]["reference"]
    client = engine._client
    made = client.create_container(reference, entrypoint=["rm", "-rf", "/var/lib/dpkg/info", "/var/lib/dpkg/status"])
    client.start(made["Id"])
    client.wait(made["Id"])
    repository, _, tag = reference.rpartition(":")
    client.commit(made["Id"], repository=repository, tag=tag)
    engine.remove_container(made["Id"])
    tampered = statuses(site.json("verify", "web", code=1))
    assert [name for name, status in tampered.items() if status == "fail"] == ["packages"]
    assert engine.containers(labels={labels.KIND: "test"}) == []


def test_all_side_by_side_and_one_that_cannot_start(site: Toolkit) -> None:
    setup = (
        "version: 1\nname: broken\nnetwork: {access: none}\nimage: {packages: {apt: [tree]}}\nsetup: {script: exit 3}\n"
    )
    (site.root / "envs" / "broken.yaml").write_text(setup)
    site("up", "--yes")
    found = {one["environment"]: one for one in site.json("verify", "--all", code=1)["verifications"]}
    assert set(statuses(found["web"]).values()) == {"pass", "skip"}
    assert statuses(found["broken"]) == {"start": "fail"}
    assert "exit code 3" in found["broken"]["checks"][0]["detail"]
