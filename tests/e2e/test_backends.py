"""Pulumi's state in an S3 of its own, behind a passphrase: the same commands, and no secret in what is kept."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from tests.support.stack_site import SECONDS, Site, actions, reasons, site_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.cli import Toolkit
    from toolkit.engines.base import Engine

BUCKET = "states"
SIGNED = {
    "Authorization": "AWS4-HMAC-SHA256 Credential=ada/20260101/us-east-1/s3/aws4_request, SignedHeaders=, Signature="
}
"""The server asks for a signature, and does not check it."""
PASSPHRASE = f"passphrase {uuid.uuid4().hex}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """An S3 server of this machine; its objects by key."""

    address: str

    @property
    def url(self) -> str:
        return f"s3://{BUCKET}?endpoint={self.address}&disableSSL=true&s3ForcePathStyle=true&region=us-east-1"

    def objects(self) -> dict[str, bytes]:
        listing = ET.fromstring(self.get("?list-type=2"))
        keys = [one.text or "" for one in listing.iter() if one.tag.endswith("}Key")]
        return {key: self.get(f"/{key}") for key in keys}

    def get(self, path: str, method: str = "GET") -> bytes:
        request = urllib.request.Request(f"http://{self.address}/{BUCKET}{path}", method=method, headers=SIGNED)
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            return bytes(answer.read())


@pytest.fixture
def store() -> Iterator[Store]:
    with socket.socket() as plug:
        plug.bind(("127.0.0.1", 0))
        port = plug.getsockname()[1]
    argv = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        made = Store(address=f"127.0.0.1:{port}")
        try:
            make_bucket(made, server)
            yield made
        finally:
            server.kill()


def make_bucket(store: Store, server: subprocess.Popen[bytes]) -> None:
    """As soon as the server answers, with a bound."""
    end = time.monotonic() + SECONDS
    while True:
        try:
            store.get("", method="PUT")
        except (urllib.error.URLError, ConnectionError):
            assert server.poll() is None, "the S3 server ended"
            assert time.monotonic() < end, "the S3 server does not answer"
            time.sleep(0.1)
        else:
            return


@pytest.fixture
def site(provisioned: Toolkit, engine: Engine, store: Store, tmp_path: Path) -> Iterator[Site]:
    environment = {
        **provisioned.environment,
        "PULUMI_BACKEND_URL": store.url,
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "AWS_ACCESS_KEY_ID": "ada",
        "AWS_SECRET_ACCESS_KEY": f"key-{uuid.uuid4().hex}",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    with site_at(tmp_path / "root", engine, environment) as made:
        yield made


def with_environment(site: Site, root: Path | None = None, **variables: str) -> Site:
    toolkit = replace(site.toolkit, environment={**site.toolkit.environment, **variables})
    return replace(site, toolkit=replace(toolkit, root=root or site.root, cwd=root or site.root))


def test_a_stack_whose_state_is_in_s3(site: Site, store: Store, tmp_path: Path) -> None:
    secret = f"value-{uuid.uuid4().hex}"
    spying = with_environment(site, API_TOKEN=secret, PIP_INDEX_URL=f"https://me:{secret}@packages.example.com/simple")
    assert actions(site.preview("--check", code=4)) == {"one": "create"}
    made = spying.up()
    assert actions(made) == {"one": "create"}
    assert not (site.root / ".toolkit" / "pulumi").exists()
    assert site.up()["changes"] == []
    assert site.drift()["changes"] == []

    kept = store.objects()
    assert [key for key in kept if key.endswith(f"/toolkit/{site.stack}.json")]
    hidden = (secret, PASSPHRASE, site.toolkit.environment["AWS_SECRET_ACCESS_KEY"])
    assert [key for key, content in kept.items() for one in hidden if one.encode() in content] == []

    site.engine.remove_image(made["images"]["one"]["reference"])
    assert reasons(site.drift(code=4)) == {"one": ["the image is gone from the engine"]}
    assert actions(site.up()) == {"one": "update"}

    other = tmp_path / "elsewhere"  # another checkout with the same declarations works on the same stack
    (other / "envs").mkdir(parents=True)
    (other / "envs" / "one.yaml").write_bytes((site.root / "envs" / "one.yaml").read_bytes())
    assert with_environment(site, root=other).up()["images"] == site.up()["images"]


def test_another_passphrase_is_refused_in_words(site: Site) -> None:
    site.up()
    refused = with_environment(site, PULUMI_CONFIG_PASSPHRASE="another one").up("--refresh", code=1)["error"]
    assert refused["code"] == "passphrase"
    assert "PULUMI_CONFIG_PASSPHRASE" in refused["hint"]


def test_a_backend_that_does_not_answer_is_named(site: Site) -> None:
    nowhere = "s3://states?endpoint=127.0.0.1:9&disableSSL=true&s3ForcePathStyle=true&region=us-east-1"
    error = with_environment(site, PULUMI_BACKEND_URL=nowhere).up(code=1)["error"]
    assert "127.0.0.1:9" in error["message"]
    assert "Traceback" not in error["message"]
