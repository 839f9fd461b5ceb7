from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.engines.base import EngineImage
from toolkit.model.environment import Packages
from toolkit.model.image import BuildContext
from toolkit.provision import indexes
from toolkit.provision.base_image import ResolvedBase
from toolkit.provision.identity import image_reference, stack_key
from toolkit.provision.plan import PlannedImage, Surroundings, plan_image
from toolkit.provision.recorded import RecordedImage

RECIPE = '{"base":"debian:bookworm-slim"}'
CONTEXT = BuildContext(
    environment="web-app",
    base="debian:bookworm-slim",
    build="ab" * 32,
    files=(),
    recipe='{"base":"debian:bookworm-slim"}',
)
REFERENCE = "toolkit.local/local-12345678/web-app:abababababab"


def image(**changed: str) -> EngineImage:
    labels = {
        "dev.toolkit.environment": "web-app",
        "dev.toolkit.build": "abababababab",
        "dev.toolkit.base": "debian:bookworm-slim",
        "dev.toolkit.base-digest": "sha256:b1",
        "dev.toolkit.generation": "0001",
    } | {f"dev.toolkit.{key}": value for key, value in changed.items()}
    return EngineImage(id="sha256:1", tags=(REFERENCE,), digests=(), labels=labels)


BASE = ResolvedBase(reference="debian:bookworm-slim", bootstrapped=False, digest="sha256:b1")


def plan(
    *there: EngineImage,
    base: ResolvedBase = BASE,
    recorded: RecordedImage | None = None,
    registry: str = "",
    anew: tuple[str, ...] = (),
) -> PlannedImage:
    return plan_image(
        CONTEXT,
        base,
        Surroundings(
            key="local-12345678",
            platform="linux/amd64",
            there={tag: one for one in there for tag in one.tags},
            recorded={"web-app": recorded} if recorded else {},
            registry=registry,
            anew=anew,
        ),
        folder=Path("/contexts/web-app"),
        indexes={},
    )


def test_an_image_that_is_there_keeps_its_generation() -> None:
    planned = plan(image())
    assert planned.reference == REFERENCE
    assert planned.present
    assert planned.arguments == {
        "TOOLKIT_STACK": "local-12345678",
        "TOOLKIT_GENERATION": "0001",
        "TOOLKIT_RECIPE": RECIPE,
        "TOOLKIT_BASE_DIGEST": "sha256:b1",
    }


def test_an_image_that_is_gone_gets_a_new_generation_each_time() -> None:
    first, second = plan(), plan()
    assert not first.present
    assert first.arguments["TOOLKIT_GENERATION"] not in {"", "0001", second.arguments["TOOLKIT_GENERATION"]}


@pytest.mark.parametrize(
    "changed",
    [
        {"environment": "other"},
        {"build": "000000000000"},
        {"base": "toolkit.local/debian:bookworm-slim"},
        {"base-digest": "sha256:b0"},
    ],
)
def test_another_image_under_the_name_counts_as_gone(changed: dict[str, str]) -> None:
    planned = plan(image(**changed))
    assert not planned.present
    assert planned.arguments["TOOLKIT_GENERATION"] != "0001"


def known(digest: str = "sha256:1", **changed: object) -> RecordedImage:
    fields = {
        "environment": "web-app",
        "reference": REFERENCE,
        "digest": digest,
        "platform": "linux/amd64",
        "arguments": {"TOOLKIT_STACK": "other-1", "TOOLKIT_GENERATION": "0007", "TOOLKIT_BASE_DIGEST": "sha256:b1"},
    }
    return RecordedImage(**{**fields, **changed})  # type: ignore[arg-type]


def test_an_image_that_was_made_by_hand_counts_as_gone() -> None:
    assert plan(image(), recorded=known()).present
    planned = plan(image(), recorded=known("sha256:2"))
    assert not planned.present
    assert planned.arguments["TOOLKIT_GENERATION"] not in {"0001", "0007"}


def test_an_image_is_made_anew_where_that_is_asked() -> None:
    planned = plan(image(), anew=("web-app",))
    assert not planned.present
    assert planned.arguments["TOOLKIT_GENERATION"] != "0001"


def test_without_the_base_an_image_stands_for_itself() -> None:
    absent = ResolvedBase(reference="debian:bookworm-slim", bootstrapped=False)
    planned = plan(image(base="toolkit.local/debian:bookworm-slim"), base=absent)
    assert planned.present
    assert planned.arguments["TOOLKIT_BASE_DIGEST"] == "sha256:b1"


def test_what_a_registry_has_is_the_same_image_though_this_engine_lacks_it() -> None:
    reference = "images.example.com/team/web-app:abababababab"
    pushed = known(reference=reference, pushed=True)
    planned = plan(recorded=pushed, registry="images.example.com/team")
    assert (planned.reference, planned.push, planned.present) == (reference, True, False)
    assert planned.arguments["TOOLKIT_GENERATION"] == "0007"
    assert planned.arguments["TOOLKIT_STACK"] == "other-1"
    again = plan(recorded=pushed, registry="images.example.com/team", anew=("web-app",))
    assert again.arguments["TOOLKIT_GENERATION"] != "0007"


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
