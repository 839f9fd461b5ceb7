"""`toolkit up` beside plain `pulumi up` and `docker build`: rows for the table of `run.py`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from row import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MANY = 50
_BY_HAND = "dev.toolkit.bench"
_SECONDS = 900
_CHANGED = "web-00"
_PACKAGES = ("build-essential", "nodejs")
_PULUMI_UP = ("pulumi", "up", "--yes", "--skip-preview", "--stack", "local", "--non-interactive")


@contextmanager
def rows() -> Iterator[tuple[Row, ...]]:
    """Roots with a single environment, with many, and with packages; afterwards the engine has nothing of them."""
    with tempfile.TemporaryDirectory(prefix="toolkit-bench-") as scratch:
        one, many = (_Root(folder=Path(scratch) / str(count), count=count) for count in (1, MANY))
        large = _Root(folder=Path(scratch) / "large", count=1, packages=_PACKAGES)
        hands = [_ByHand.beside(root) for root in (one, large)]
        try:
            for root in (one, many, large):
                root.lay_down()
                root.up()
            for hand in hands:
                hand.take()
            yield (*_table(one, many), *(_changed(*each) for each in zip((one, large), hands, strict=True)))
        finally:
            for root in (one, many, large):
                root.destroy()
            for hand in hands:
                hand.remove()


def _changed(root: _Root, by_hand: _ByHand) -> Row:
    """Pulumi itself takes about two seconds, whatever is built: the smallest image shows it, a usual one does not."""
    return Row(
        name=f"toolkit up, one changed file, {' and '.join(root.packages) or 'nothing'} in the image",
        yardstick="docker build of it",
        goal=1.1,
        ours=root.up_changed,
        theirs=by_hand.build_changed,
    )


def _table(one: _Root, many: _Root) -> tuple[Row, ...]:
    plain = one.plain_pulumi()
    return (
        Row(
            name="toolkit up, nothing to do",
            yardstick="pulumi up --yes --skip-preview",
            goal=1.15,
            ours=one.up,
            theirs=plain,
        ),
        Row(
            name="toolkit up --refresh, nothing to do",
            yardstick="pulumi up --yes --skip-preview",
            goal=0,
            ours=one.up_through_pulumi,
            theirs=plain,
        ),
        Row(
            name=f"toolkit up, one of {MANY} changed",
            yardstick="the same alone",
            goal=1.5,
            ours=many.up_changed,
            theirs=one.up_changed,
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Root:
    folder: Path
    count: int
    packages: tuple[str, ...] = ()

    @property
    def context(self) -> Path:
        return self.folder / ".toolkit" / "contexts" / _CHANGED

    def lay_down(self) -> None:
        (self.folder / "envs").mkdir(parents=True)
        _certificate(self.folder / "envs" / "own.pem")
        for index in range(self.count):
            name = f"web-{index:02}"
            image = {"ca_certificates": ["own.pem"]} if name == _CHANGED else {}
            packages = {"packages": {"apt": list(self.packages)}} if self.packages else {}
            body = {"version": 1, "name": name, "network": {"access": "none"}, "image": {**image, **packages}}
            (self.folder / "envs" / f"{name}.yaml").write_text(json.dumps(body), encoding="utf-8")

    def up(self) -> None:
        self._run("up", "--yes", "--bootstrap")

    def up_through_pulumi(self) -> None:
        self._run("up", "--yes", "--refresh")

    def up_changed(self) -> None:
        _certificate(self.folder / "envs" / "own.pem")
        changed = json.loads(self._run("up", "--yes", "--json"))["summary"]
        assert (changed["update"], changed["same"]) == (1, self.count), changed  # and the gateways' image

    def plain_pulumi(self) -> Callable[[], object]:
        variables = json.loads(self._run("env-vars", "--json"))["variables"]
        return lambda: _command(*_PULUMI_UP, "--cwd", str(self.folder / ".toolkit" / "infra"), **variables)

    def destroy(self) -> None:
        self._run("destroy", "--yes", "--force")

    def _run(self, *words: str) -> str:
        return _command(sys.executable, "-m", "toolkit", "--root", str(self.folder), *words)


@dataclass(frozen=True, slots=True, kw_only=True)
class _ByHand:
    """The build context of an environment, built by the docker client with the engine's own builder.

    It has one certificate more than ours: the steps are the same.
    """

    root: _Root
    folder: Path
    name: str

    @classmethod
    def beside(cls, root: _Root) -> _ByHand:
        folder = root.folder.with_name(f"{root.folder.name}-by-hand")
        return cls(root=root, folder=folder, name=f"toolkit.local/bench-{uuid.uuid4().hex[:8]}")

    def take(self) -> None:
        shutil.copytree(self.root.context, self.folder)

    def build_changed(self) -> None:
        _certificate(self.folder / "certificates" / "own.crt")
        label = f"{_BY_HAND}={self.name}"
        _command("docker", "build", "-t", self.name, "--label", label, str(self.folder), DOCKER_BUILDKIT="0")

    def remove(self) -> None:
        """The images of all rounds: each build takes the name from the one before."""
        made = _command("docker", "images", "-q", "--filter", f"label={_BY_HAND}={self.name}").split()
        if made:
            _command("docker", "rmi", "--force", *made)


def _certificate(place: Path) -> None:
    """A CA that no build has seen: nothing after it comes from the builder's cache."""
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
    subject = f"/CN=bench {uuid.uuid4().hex}"
    ends = ("-nodes", "-days", "2", "-subj", subject, "-keyout", os.devnull, "-out", str(place))
    _command("openssl", "req", "-x509", *curve, *ends)


def _command(*argv: str, **variables: str) -> str:
    around = {**os.environ, **variables}
    done = subprocess.run(argv, capture_output=True, text=True, timeout=_SECONDS, check=False, env=around)
    assert done.returncode == 0, f"{argv}: {done.stdout}{done.stderr}"
    return done.stdout
