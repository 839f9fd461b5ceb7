from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from toolkit.errors import ToolkitError
from toolkit.provision import pulumi_variables, recorded
from toolkit.provision.place import place

IMAGE = {
    "urn": "urn:pulumi:local::toolkit::docker:index/image:Image::web-app",
    "type": "docker:index/image:Image",
    "inputs": {
        "imageName": "toolkit.local/local-1/web-app:ab",
        "build": {"args": {"TOOLKIT_STACK": "local-1"}, "platform": "linux/amd64"},
    },
    "outputs": {"repoDigest": "sha256:1"},
}


def checkpoint(backend: Path, body: object) -> None:
    path = backend / ".pulumi" / "stacks" / "toolkit" / "local.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(body if isinstance(body, str) else json.dumps(body))


def read(backend: Path) -> recorded.Record | None:
    return recorded.read(backend, project="toolkit", stack="local")


def test_the_images_of_a_stack_are_read_from_its_checkpoint(tmp_path: Path) -> None:
    resources = [{"urn": "urn:pulumi:local::toolkit::pulumi:pulumi:Stack::x", "type": "pulumi:pulumi:Stack"}, IMAGE]
    checkpoint(tmp_path, {"version": 3, "checkpoint": {"latest": {"resources": resources}}})
    record = read(tmp_path)
    assert record is not None
    assert not record.interrupted
    image = record.images["web-app"]
    assert (image.reference, image.digest, image.platform) == (
        "toolkit.local/local-1/web-app:ab",
        "sha256:1",
        "linux/amd64",
    )
    assert image.arguments == {"TOOLKIT_STACK": "local-1"}


def test_an_interrupted_update_is_seen(tmp_path: Path) -> None:
    latest = {"resources": [], "pending_operations": [{"type": "creating"}]}
    checkpoint(tmp_path, {"checkpoint": {"latest": latest}})
    record = read(tmp_path)
    assert record is not None
    assert record.interrupted


@pytest.mark.parametrize(
    "body", ["", "{", "[]", "null", '{"checkpoint": 1}', '{"checkpoint": {"latest": {"resources": 3}}}']
)
def test_a_damaged_checkpoint_is_said_to_be_damaged(tmp_path: Path, body: str) -> None:
    checkpoint(tmp_path, body)
    with pytest.raises(ToolkitError, match=r"state of stack 'local' is damaged: .*local\.json") as refused:
        read(tmp_path)
    assert refused.value.code == "state-damaged"
    assert "up --adopt" in refused.value.hint


def test_a_new_stack_and_a_missing_one(tmp_path: Path) -> None:
    assert read(tmp_path) is None
    checkpoint(tmp_path, {"checkpoint": {"latest": None}})
    assert read(tmp_path) == recorded.Record(images={}, interrupted=False)


def test_the_state_is_under_the_root_unless_the_user_says_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert pulumi_variables.file_backend(tmp_path) == tmp_path / ".toolkit" / "pulumi"
    monkeypatch.setenv("PULUMI_BACKEND_URL", "file://~/states")
    assert pulumi_variables.file_backend(tmp_path) == Path.home() / "states"
    monkeypatch.setenv("PULUMI_BACKEND_URL", "s3://states.example.com")
    assert pulumi_variables.backend_url(tmp_path) == "s3://states.example.com"
    assert pulumi_variables.file_backend(tmp_path) is None


def test_the_users_own_pulumi_settings_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin" / "pulumi"
    made = pulumi_variables.variables(tmp_path, program=program)
    assert made["PULUMI_CONFIG_PASSPHRASE"] == ""
    assert made["PULUMI_PYTHON_CMD"] == sys.executable
    assert made["PATH"].startswith(f"{program.parent}{os.pathsep}")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE_FILE", "/secret")
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "own"))
    made = pulumi_variables.variables(tmp_path, program=program)
    assert "PULUMI_CONFIG_PASSPHRASE" not in made
    assert made["PULUMI_HOME"] == str(tmp_path / "own")


def test_a_root_with_its_own_program_uses_it_and_others_get_a_copy(tmp_path: Path) -> None:
    own = tmp_path / "own"
    (own / "infra").mkdir(parents=True)
    (own / "infra" / "Pulumi.yaml").write_text("name: 'shop'  # ours\nruntime: python\n")
    found = place(own, "prod")
    assert (found.folder, found.project) == (own / "infra", "shop")
    bare = tmp_path / "bare"
    bare.mkdir()
    found = place(bare, "local")
    assert (found.folder, found.project) == (bare / ".toolkit" / "infra", "toolkit")
    assert (found.folder / "__main__.py").is_file()
    assert (found.folder / "environment_image.py").is_file()


@pytest.mark.parametrize("name", ["", "a b", "x" * 101, "a;b"])
def test_what_is_no_stack_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ToolkitError, match="no stack name"):
        place(tmp_path, name)
