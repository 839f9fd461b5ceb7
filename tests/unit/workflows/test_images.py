"""Which images a root needs: declarations and settings as files, the engine's images as a list."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import certifi
import pytest

from toolkit import settings
from toolkit.engines.base import EngineImage
from toolkit.errors import InvalidError
from toolkit.provision.certificates import split
from toolkit.workflows.builds import build_of, runner_files
from toolkit.workflows.declarations import environment
from toolkit.workflows.images import planned

if TYPE_CHECKING:
    from collections.abc import Mapping

    from toolkit.engines.base import Engine
    from toolkit.provision.plan import PlannedImage


@dataclass
class FakeImages:
    """The part of an engine that planning asks."""

    there: list[EngineImage] = field(default_factory=list)

    def architecture(self) -> str:
        return "x86_64"

    def image(self, reference: str) -> EngineImage | None:
        return next((one for one in self.there if reference in one.tags), None)

    def images(self, *, labels: Mapping[str, str]) -> list[EngineImage]:
        return [one for one in self.there if all(_has(one, key, value) for key, value in labels.items())]


def _has(image: EngineImage, key: str, value: str) -> bool:
    return key in image.labels and value in {"", image.labels[key]}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "envs").mkdir(parents=True)
    declare(folder, "one")
    declare(folder, "two", "image: {packages: {apt: [git]}}\n")
    declare(folder, "old", "archived: true\n")
    return folder


def declare(root: Path, name: str, more: str = "") -> None:
    (root / "envs" / f"{name}.yaml").write_text(f"version: 1\nname: {name}\n{more}")


def plan(root: Path, *there: EngineImage, names: tuple[str, ...] = ()) -> dict[str, PlannedImage]:
    engine = cast("Engine", FakeImages(list(there)))
    found = planned(root, engine, project="toolkit", stack="local", names=names)
    return {one.environment: one for one in found}


def made(one: PlannedImage, base: str = "debian:bookworm-slim") -> EngineImage:
    labels = {
        "dev.toolkit.kind": "image",
        "dev.toolkit.stack": one.arguments["TOOLKIT_STACK"],
        "dev.toolkit.generation": one.arguments["TOOLKIT_GENERATION"],
        "dev.toolkit.environment": one.environment,
        "dev.toolkit.build": one.build[:12],
        "dev.toolkit.base": base,
    }
    return EngineImage(id="sha256:1", tags=(one.reference,), digests=(), labels=labels)


def test_every_environment_that_is_not_archived_has_an_image(root: Path) -> None:
    found = plan(root)
    assert set(found) == {"one", "two", "toolkit.gateway"}
    assert set(plan(root, names=("two",))) == {"two", "toolkit.gateway"}
    assert found["one"].platform == "linux/amd64"
    assert (found["one"].context / "Dockerfile").is_file()
    assert found["one"].build == build_of(root, environment(root, "one"))
    assert not found["one"].present


def test_an_image_that_the_engine_has_is_planned_as_it_is(root: Path) -> None:
    first = plan(root)["one"]
    again = plan(root, made(first))["one"]
    assert again.present
    assert again.arguments == first.arguments
    assert again.reference == first.reference


def test_a_stand_in_is_used_where_the_declared_base_is_missing(root: Path) -> None:
    stand_in = EngineImage(id="sha256:2", tags=("toolkit.local/debian:bookworm-slim",), digests=(), labels={})
    found = plan(root, stand_in)["one"]
    assert (found.base, found.bootstrapped) == ("toolkit.local/debian:bookworm-slim", True)
    assert found.build == plan(root)["one"].build


def test_an_image_on_another_base_is_made_anew(root: Path) -> None:
    first = plan(root)["one"]
    stand_in = EngineImage(id="sha256:2", tags=("toolkit.local/debian:bookworm-slim",), digests=(), labels={})
    assert not plan(root, made(first), stand_in)["one"].present


def test_the_sites_certificates_are_part_of_every_build(root: Path, tmp_path: Path) -> None:
    before = {name: one.build for name, one in plan(root).items()}
    certificate = tmp_path / "site.pem"
    certificate.write_text(split("public.pem", Path(certifi.where()).read_text())[0].pem)
    settings.write(settings.Layer.USER, None, {("site", "ca_certificates"): [str(certificate)]})
    after = plan(root)
    assert all(after[name].build != build for name, build in before.items())
    assert list((after["one"].context / "certificates").glob("toolkit-*.crt"))


def test_images_of_a_registry_are_named_there_and_pushed(root: Path) -> None:
    settings.write(settings.Layer.USER, None, {("site", "image_registry"): "registry.example.com:5000/team"})
    found = plan(root)["one"]
    assert found.reference == f"registry.example.com:5000/team/one:{found.build[:12]}"
    assert found.push
    others = made(found)
    others = replace(others, labels={**others.labels, "dev.toolkit.stack": "prod-12345678"})
    assert plan(root, others)["one"].present


def test_an_image_is_made_anew_where_the_variable_names_it(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = plan(root)["one"]
    monkeypatch.setenv("TOOLKIT_REBUILD", "two,one")
    assert not plan(root, made(first))["one"].present


def test_a_broken_declaration_stops_planning_with_its_place(root: Path) -> None:
    declare(root, "two", "image: {bse: x}\n")
    with pytest.raises(InvalidError) as refused:
        plan(root)
    assert refused.value.diagnostics[0].path == "envs/two.yaml"


def test_the_runner_is_taken_without_what_python_leaves_beside_it() -> None:
    paths = [one.path for one in runner_files()]
    assert "__main__.py" in paths
    assert not [path for path in paths if "__pycache__" in path or path.endswith(".pyc")]
    assert {one.mode for one in runner_files()} <= {0o644, 0o755}
