"""A root with environments, its stack, and what the engine has of it: what tests of provisioning work on."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.support import own_things
from tests.support.cli import Toolkit
from toolkit.model import labels
from toolkit.provision.locks import Lock, locks
from toolkit.provision.place import StackPlace

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from toolkit.engines.base import Engine, EngineImage

BASE = "debian:bookworm-slim"
SECONDS = 120.0


@dataclass(slots=True, kw_only=True)
class Site:
    """A root with environments, its stack, and what the engine has of it; `program`: where plain `pulumi` is called."""

    toolkit: Toolkit
    stack: str
    engine: Engine
    program: Path | None = None

    @property
    def root(self) -> Path:
        return self.toolkit.root

    @property
    def backend(self) -> Path:
        return self.root / ".toolkit" / "pulumi"

    def declare(self, name: str, **image: Any) -> None:
        body = {"version": 1, "name": name, "network": {"access": "none"}, "image": {"base": BASE, **image}}
        (self.root / "envs" / f"{name}.yaml").write_text(json.dumps(body))

    def up(self, *words: str, code: int = 0) -> dict[str, Any]:
        return self.toolkit.json("up", "--yes", "--bootstrap", "--stack", self.stack, *words, code=code)

    def preview(self, *words: str, code: int = 0) -> dict[str, Any]:
        return self.toolkit.json("preview", "--stack", self.stack, *words, code=code)

    def drift(self, *words: str, code: int = 0) -> dict[str, Any]:
        return self.toolkit.json("drift", "--check", "--stack", self.stack, *words, code=code)

    def destroy(self, *words: str, code: int = 0) -> dict[str, Any]:
        return self.toolkit.json("destroy", "--yes", "--stack", self.stack, *words, code=code)

    def pulumi(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Plain `pulumi` with the exports of `toolkit env-vars`, in the folder of the root's program."""
        exports = self.toolkit("env-vars").stdout
        folder = self.program or self.root / ".toolkit" / "infra"
        script = f"{exports}\ncd {shlex.quote(str(folder))}\nexec pulumi {shlex.join(words)}"
        return subprocess.run(
            ["sh", "-c", f"{script} --stack {self.stack} --non-interactive"],
            env=self.toolkit.variables(),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def images(self) -> list[EngineImage]:
        return [one for one in self.engine.images(labels={labels.KIND: "image"}) if self.is_ours(one)]

    def locks(self) -> tuple[Lock, ...]:
        return locks(StackPlace(root=self.root, folder=self.root, project="toolkit", name=self.stack))

    def is_ours(self, image: EngineImage) -> bool:
        return image.labels.get(labels.STACK, "").startswith(f"{self.stack}-")


@contextmanager
def site_at(root: Path, engine: Engine, environment: Mapping[str, str]) -> Iterator[Site]:
    """A root at `root` with one environment, `one`; at the end nothing of its stack is in the engine."""
    (root / "envs").mkdir(parents=True)
    toolkit = Toolkit(root=root, cwd=root, environment=environment)
    made = Site(toolkit=toolkit, stack=own_things.new_stack(), engine=engine)
    made.declare("one")
    yield made
    made.destroy("--force")
    assert made.images() == []
    assert [one for one in engine.images(labels={labels.STACK: ""}) if made.is_ours(one)] == []


def reasons(document: Mapping[str, Any]) -> dict[str, list[str]]:
    """Environment → why; the gateways' image, which is no environment's, is left out."""
    return {one["environment"]: one["reasons"] for one in document["changes"] if one["environment"]}


def actions(document: Mapping[str, Any]) -> dict[str, str]:
    return {one["environment"]: one["action"] for one in document["changes"] if one["environment"]}


def certificate(site: Site) -> str:
    """A CA certificate that no build has seen, beside the declarations: nothing after it comes from the cache."""
    argv = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    made = site.root / "envs" / "own.pem"
    ends = ["-subj", f"/CN=authority {uuid.uuid4().hex}", "-keyout", os.devnull, "-out", str(made)]
    subprocess.run([*argv, *ends], check=True, capture_output=True, timeout=SECONDS)
    return made.name


def wait_for_build(process: subprocess.Popen[str]) -> None:
    """Until the engine runs a step of the build: the lock is held then, and an operation is under way."""
    assert process.stderr is not None
    for line in process.stderr:
        if "require" in line and "RUN" in line:
            return
    raise AssertionError("up ended before its build began")
