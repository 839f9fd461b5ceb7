"""Declared beside recorded beside the engine: every way in which they can differ has its reason."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from toolkit.engines.base import EngineImage
from toolkit.model.image import Action
from toolkit.provision.assessment import Assessed, Sides, assess
from toolkit.provision.plan import PlannedImage
from toolkit.provision.recipe import Recipe
from toolkit.provision.recorded import RecordedImage

OLD, NEW = "toolkit.local/local-1/web:aaaaaaaaaaaa", "toolkit.local/local-1/web:bbbbbbbbbbbb"


def arguments(**changed: str) -> dict[str, str]:
    return {
        "TOOLKIT_STACK": "local-1",
        "TOOLKIT_GENERATION": "0001",
        "TOOLKIT_RECIPE": str(Recipe(base="debian:12", apt=("git",))),
        "TOOLKIT_BASE_DIGEST": "sha256:b1",
    } | changed


def planned(**changed: Any) -> PlannedImage:
    one = PlannedImage(
        environment="web",
        reference=OLD,
        build="a" * 64,
        base="debian:12",
        bootstrapped=False,
        context=Path("/contexts/web"),
        platform="linux/amd64",
        arguments=arguments(),
        present=True,
    )
    return replace(one, **changed)


RECORDED = RecordedImage(
    environment="web", reference=OLD, digest="sha256:1", platform="linux/amd64", arguments=arguments()
)
IMAGE = EngineImage(
    id="sha256:1", tags=(OLD,), digests=(), labels={"dev.toolkit.kind": "image", "dev.toolkit.environment": "web"}
)


def assessed(
    one: PlannedImage | None, recorded: RecordedImage | None = RECORDED, image: EngineImage | None = IMAGE
) -> Assessed:
    (found,) = assess(
        Sides(
            planned=[one] if one else [],
            recorded={"web": recorded} if recorded else {},
            there=[image] if image else [],
            named=dict.fromkeys(image.tags, image) if image else {},
            deleted={},
        )
    )
    return found


def test_where_all_sides_agree_nothing_is_to_be_done() -> None:
    found = assessed(planned())
    assert (found.action, found.reasons, found.difference) == (Action.SAME, (), ())


@pytest.mark.parametrize(
    ("one", "recorded", "image", "reason"),
    [
        (planned(present=False), None, None, "not built yet"),
        (planned(), None, IMAGE, "the stack has no record of it, but the engine has the image"),
    ],
)
def test_what_is_not_recorded_is_to_be_created(
    one: PlannedImage, recorded: RecordedImage | None, image: EngineImage | None, reason: str
) -> None:
    found = assessed(one, recorded, image)
    assert (found.action, found.reasons) == (Action.CREATE, (reason,))


def changed(**new: str) -> PlannedImage:
    return planned(arguments=arguments(**new))


NODE = str(Recipe(base="debian:12", apt=("git", "nodejs")))


@pytest.mark.parametrize(
    ("one", "image", "reasons"),
    [
        (
            planned(reference=NEW, present=False, arguments=arguments(TOOLKIT_RECIPE=NODE, TOOLKIT_GENERATION="2")),
            IMAGE,
            ["packages.apt: + nodejs"],
        ),
        (
            changed(TOOLKIT_BASE_DIGEST="sha256:b2", TOOLKIT_GENERATION="2"),
            IMAGE,
            ["base image has a new digest: sha256:b1 → sha256:b2"],
        ),
        (
            planned(present=False, arguments=arguments(TOOLKIT_GENERATION="2")),
            None,
            ["the image is gone from the engine"],
        ),
        (
            planned(present=False, arguments=arguments(TOOLKIT_GENERATION="2")),
            replace(IMAGE, id="sha256:2"),
            ["the engine has another image under its name: sha256:2 instead of sha256:1"],
        ),
        (planned(platform="linux/arm64"), IMAGE, ["platform: linux/amd64 → linux/arm64"]),
        (
            changed(PIP_INDEX_URL="https://pip.example.com/simple"),
            IMAGE,
            ["pip's package index: none → https://pip.example.com/simple"],
        ),
        (planned(push=True), IMAGE, ["images are pushed to a registry now"]),
    ],
)
def test_reasons_of_an_update(one: PlannedImage, image: EngineImage | None, reasons: list[str]) -> None:
    found = assessed(one, RECORDED, image)
    assert found.action is Action.UPDATE
    assert list(found.reasons) == reasons


def test_the_difference_is_shown_line_by_line() -> None:
    found = assessed(planned(reference=NEW, present=False, arguments=arguments(TOOLKIT_RECIPE=NODE)))
    assert found.difference[:2] == (f"--- recorded {OLD}", f"+++ declared {NEW}")
    assert "+  nodejs" in found.difference
    assert "   git" in found.difference


def test_a_record_without_a_recipe_still_has_a_reason() -> None:
    old = replace(RECORDED, arguments={"TOOLKIT_STACK": "local-1", "TOOLKIT_GENERATION": "0001"})
    found = assessed(planned(), old)
    assert found.reasons == ("the record is of an older version of toolkit",)


@pytest.mark.parametrize("recorded", [RECORDED, None])
@pytest.mark.parametrize("image", [IMAGE, None])
def test_what_is_not_declared_is_to_be_deleted(recorded: RecordedImage | None, image: EngineImage | None) -> None:
    if recorded is None and image is None:
        return
    found = assessed(None, recorded, image)
    assert found.action is Action.DELETE
    assert "not declared any more" in found.reasons[0]
    assert ("no record" in found.reasons[0]) == (recorded is None)


def test_an_image_that_only_the_registry_has_is_no_change() -> None:
    reference = "images.example.com/web:aaaaaaaaaaaa"
    pushed = replace(RECORDED, reference=reference, pushed=True)
    here = planned(reference=reference, push=True, present=False)
    assert assessed(here, pushed, None).action is Action.SAME
    anew = replace(here, arguments=arguments(TOOLKIT_GENERATION="2"))
    sides = Sides(planned=[anew], recorded={"web": pushed}, there=[], named={}, deleted={}, gone=["web"])
    (found,) = assess(sides)
    assert (found.action, found.reasons) == (Action.UPDATE, ("the image is gone from the registry",))
