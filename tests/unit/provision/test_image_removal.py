"""What an engine says while it removes images that share layers, and what counts: whether the image is gone."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from docker.errors import APIError, ImageNotFound

from toolkit.provision.airgapped import image


class FakeClient:
    """Refuses with 500, as an engine does whose other removal was faster; `left` says whether the image is there."""

    def __init__(self, *, left: bool) -> None:
        self._left = left

    def remove_image(self, name: str) -> None:
        answer = requests.Response()
        answer.status_code = 500
        raise APIError("unrecognized image ID", response=answer, explanation=f"unrecognized image ID of {name}")

    def inspect_image(self, name: str) -> dict[str, Any]:
        if not self._left:
            raise ImageNotFound(name)
        return {"Id": name}


def test_an_image_that_is_gone_is_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image, "connect", lambda: FakeClient(left=False))
    assert image.remove("toolkit.local/one:1") == ""


def test_an_image_that_stays_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image, "connect", lambda: FakeClient(left=True))
    with pytest.raises(image.ImageError, match="unrecognized image ID"):
        image.remove("toolkit.local/one:1")
