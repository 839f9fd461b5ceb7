"""The order of layers and fallbacks, and what is said about a choice that cannot be followed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from toolkit.errors import InvalidError, NotFoundError, ToolkitError
from toolkit.model.environment import EnvironmentSpec
from toolkit.model.selection import Selection, Source
from toolkit.settings import Layer, layer_path, layers
from toolkit.workflows.selection import selected

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Choose = Callable[[Layer, str], Path]

LAYERS = [Layer.MANAGED, Layer.PROJECT_LOCAL, Layer.PROJECT, Layer.USER]


def environments(*names: str, archived: str = "") -> list[EnvironmentSpec]:
    return [
        EnvironmentSpec(name=one, path=f"envs/{one}.yaml", revision="0" * 64, archived=one == archived) for one in names
    ]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(layers, "MANAGED_PATH", tmp_path / "etc" / "settings.yaml")
    folder = tmp_path / "repository"
    folder.mkdir()
    return folder


@pytest.fixture
def chosen(root: Path) -> Choose:
    def write(layer: Layer, name: str) -> Path:
        path = layer_path(layer, root)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"remote:\n  default_environment: {name}\n")
        return path

    return write


@pytest.mark.parametrize(
    ("known", "name", "layer"),
    [
        (environments("web"), "web", "only"),
        (environments("default", "web", archived="default"), "web", "only"),
        (environments("another", "default"), "default", "default"),
        (environments("web", "python"), "python", "first"),
        (environments("a", "b", "c", archived="a"), "b", "first"),
    ],
)
def test_without_a_choice_a_fallback_decides(root: Path, known: list[EnvironmentSpec], name: str, layer: str) -> None:
    assert selected(root, known) == Selection(name=name, source=Source(layer=layer))


@pytest.mark.parametrize("known", [[], environments("old", archived="old")])
def test_there_may_be_nothing_to_select(root: Path, known: list[EnvironmentSpec]) -> None:
    assert selected(root, known) == Selection()


@pytest.mark.parametrize("top", range(4))
def test_the_highest_layer_wins(root: Path, chosen: Choose, top: int) -> None:
    paths = [chosen(layer, f"env-{layer}") for layer in LAYERS[top:]]
    found = selected(root, environments("default", *(f"env-{layer}" for layer in LAYERS)))
    path = str(paths[0].relative_to(root)) if LAYERS[top].in_project else str(paths[0])
    assert found == Selection(name=f"env-{LAYERS[top]}", source=Source(layer=LAYERS[top].value, path=path))


@pytest.mark.parametrize("layer", LAYERS[1:])
def test_the_command_line_beats_what_is_saved(root: Path, chosen: Choose, layer: Layer) -> None:
    chosen(layer, "web")
    found = selected(root, environments("default", "python", "web"), explicit="python")
    assert found == Selection(name="python", source=Source(layer="command-line"))


def test_managed_settings_forbid_another_choice(root: Path, chosen: Choose) -> None:
    path = chosen(Layer.MANAGED, "web")
    with pytest.raises(ToolkitError, match="managed settings choose 'web'") as caught:
        selected(root, environments("python", "web"), explicit="python")
    assert str(path) in caught.value.message


def test_the_command_line_may_agree_with_managed_settings(root: Path, chosen: Choose) -> None:
    chosen(Layer.MANAGED, "web")
    found = selected(root, environments("python", "web"), explicit="web")
    assert (found.name, found.source and found.source.layer) == ("web", "managed")


def test_managed_settings_about_another_repository_do_not_bind(root: Path, chosen: Choose) -> None:
    path = chosen(Layer.MANAGED, "elsewhere")
    found = selected(root, environments("python", "web"), explicit="python")
    assert found.name == "python"
    assert found.warnings == (
        f"environment 'elsewhere', chosen in {path}, does not exist here: 'python' is taken instead (--env)",
    )


def test_a_choice_that_cannot_be_followed_gives_way_to_the_next_layer(root: Path, chosen: Choose) -> None:
    chosen(Layer.PROJECT_LOCAL, "gone")
    chosen(Layer.PROJECT, "old")
    user, local = chosen(Layer.USER, "web"), ".toolkit/settings.local.yaml"
    found = selected(root, environments("default", "old", "web", archived="old"))
    assert found == Selection(
        name="web",
        source=Source(layer="user", path=str(user)),
        warnings=(
            f"environment 'gone', chosen in {local}, does not exist here: 'web' is taken instead ({user})",
            f"environment 'old', chosen in .toolkit/settings.yaml, is archived: 'web' is taken instead ({user})",
        ),
    )


@pytest.mark.parametrize(
    ("names", "name", "why"),
    [
        (("web",), "web", "the only one"),
        (("default", "web"), "default", "the default"),
        (("python", "web"), "python", "the first by name"),
    ],
)
def test_the_last_choice_that_cannot_be_followed_gives_way_to_a_fallback(
    root: Path, chosen: Choose, names: tuple[str, ...], name: str, why: str
) -> None:
    chosen(Layer.PROJECT, "gone")
    (warning,) = selected(root, environments(*names)).warnings
    assert warning == (
        f"environment 'gone', chosen in .toolkit/settings.yaml, does not exist here: '{name}' is taken instead ({why})"
    )


def test_with_nothing_left_the_warning_says_so(root: Path, chosen: Choose) -> None:
    chosen(Layer.PROJECT, "gone")
    found = selected(root, [])
    assert found.name is None
    assert found.warnings[0].endswith("and there is no other to take")


def test_lower_choices_are_not_warned_about(root: Path, chosen: Choose) -> None:
    chosen(Layer.PROJECT, "web")
    chosen(Layer.USER, "gone")
    assert selected(root, environments("python", "web")).warnings == ()


def test_an_explicit_name_must_exist(root: Path) -> None:
    with pytest.raises(NotFoundError, match="'wep' does not exist") as caught:
        selected(root, environments("default", "old", "web", archived="old"), explicit="wep")
    assert caught.value.hint == "did you mean 'web'? environments: default, web"


def test_an_explicit_name_must_not_be_archived(root: Path) -> None:
    with pytest.raises(ToolkitError, match="'old' is archived") as caught:
        selected(root, environments("old", "web", archived="old"), explicit="old")
    assert "unarchive old" in caught.value.hint


def test_invalid_settings_stop_the_choice(root: Path, chosen: Choose) -> None:
    chosen(Layer.PROJECT, "[]")
    with pytest.raises(InvalidError):
        selected(root, environments("web"))
