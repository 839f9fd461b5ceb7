from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.engines.base import EngineImage
from toolkit.model.environment import Packages
from toolkit.model.image import BuildContext
from toolkit.provision import indexes
from toolkit.provision.identity import image_reference, stack_key
from toolkit.provision.plan import PlannedImage, plan_image

CONTEXT = BuildContext(environment="web-app", base="debian:bookworm-slim", build="ab" * 32, files=())
REFERENCE = "toolkit.local/local-12345678/web-app:abababababab"


def image(**changed: str) -> EngineImage:
    labels = {
        "dev.toolkit.environment": "web-app",
        "dev.toolkit.build": "abababababab",
        "dev.toolkit.base": "debian:bookworm-slim",
        "dev.toolkit.generation": "0001",
    } | {f"dev.toolkit.{key}": value for key, value in changed.items()}
    return EngineImage(id="sha256:1", tags=(REFERENCE,), digests=(), labels=labels)


def plan(*there: EngineImage) -> PlannedImage:
    return plan_image(
        CONTEXT,
        folder=Path("/contexts/web-app"),
        key="local-12345678",
        bootstrapped=False,
        platform="linux/amd64",
        there={tag: one for one in there for tag in one.tags},
        indexes={},
    )


def test_an_image_that_is_there_keeps_its_generation() -> None:
    planned = plan(image())
    assert planned.reference == REFERENCE
    assert planned.present
    assert planned.arguments == {"TOOLKIT_STACK": "local-12345678", "TOOLKIT_GENERATION": "0001"}


def test_an_image_that_is_gone_gets_a_new_generation_each_time() -> None:
    first, second = plan(), plan()
    assert not first.present
    assert first.arguments["TOOLKIT_GENERATION"] not in {"", "0001", second.arguments["TOOLKIT_GENERATION"]}


@pytest.mark.parametrize(
    "changed", [{"environment": "other"}, {"build": "000000000000"}, {"base": "toolkit.local/debian:bookworm-slim"}]
)
def test_another_image_under_the_name_counts_as_gone(changed: dict[str, str]) -> None:
    planned = plan(image(**changed))
    assert not planned.present
    assert planned.arguments["TOOLKIT_GENERATION"] != "0001"


def test_stacks_of_other_places_have_other_keys() -> None:
    keys = {
        stack_key(backend=backend, project=project, stack=stack)
        for backend in ("file:///a", "file:///b")
        for project in ("one", "two")
        for stack in ("local", "prod")
    }
    assert len(keys) == 8


@given(stack=st.text(min_size=1, max_size=100))
def test_any_stack_name_gives_a_valid_image_name(stack: str) -> None:
    key = stack_key(backend="file:///a", project="p", stack=stack)
    reference = image_reference(key=key, environment="web-app", build="ab" * 32)
    repository = reference.removeprefix("toolkit.local/").partition("/")[0]
    assert repository == key
    assert key.replace("-", "").isalnum()
    assert key == key.lower()
    assert key.isascii()
    assert "--" not in key


def test_an_organization_before_the_stack_makes_no_difference() -> None:
    assert stack_key(backend="b", project="p", stack="org/local") == stack_key(backend="b", project="p", stack="local")


def test_this_hosts_indexes_become_build_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example.com/simple")
    monkeypatch.setenv("npm_config_registry", "https://mirror.example.com/npm/")
    assert indexes.build_arguments(Packages(pip=("six",), npm=("pnpm",))) == {
        "PIP_INDEX_URL": "https://mirror.example.com/simple",
        "NPM_CONFIG_REGISTRY": "https://mirror.example.com/npm/",
    }
    assert indexes.build_arguments(Packages(apt=("git",))) == {}


def test_configuration_files_of_pip_and_npm_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PIP_INDEX_URL", "npm_config_registry", "NPM_CONFIG_REGISTRY", "npm_config_userconfig"):
        monkeypatch.delenv(name, raising=False)
    config = Path.home() / ".config" / "pip"
    config.mkdir(parents=True)
    (config / "pip.conf").write_text("[global]\nindex-url = https://mirror.example.com/simple\n")
    (Path.home() / ".npmrc").write_text("fund=false\nregistry = https://mirror.example.com/npm/\n")
    assert indexes.build_arguments(Packages(pip=("six",), npm=("pnpm",))) == {
        "PIP_INDEX_URL": "https://mirror.example.com/simple",
        "NPM_CONFIG_REGISTRY": "https://mirror.example.com/npm/",
    }


@pytest.mark.parametrize(
    "url", ["https://me:secret@mirror.example.com/simple", "file:///srv/pip", "https://[", "words"]
)
def test_an_index_with_a_password_never_becomes_an_argument(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", url)
    assert indexes.build_arguments(Packages(pip=("six",))) == {}
