"""The same declarations on two machines that differ in all that should not matter: not a byte of a context differs."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import certifi

from toolkit.provision.certificates import split

_CHECKOUT = Path(__file__).resolve().parents[3]
_SECONDS = 60
_PROGRAM = """
import json, os, sys
os.umask(int(sys.argv[2], 8))
from pathlib import Path
from tests.unit.workflows.test_images import FakeImages
from toolkit.workflows.images import planned
found = planned(Path(sys.argv[1]), FakeImages(), project="toolkit", stack="local")
told = [[one.environment, one.build, one.platform, one.arguments["TOOLKIT_RECIPE"]] for one in found]
sys.stdout.buffer.write(json.dumps(told).encode())
"""
_MACHINES = (
    {"umask": "077", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "TZ": "UTC", "PYTHONHASHSEED": "1"},
    {"umask": "000", "LC_ALL": "C.UTF-8", "TZ": "Asia/Tokyo", "PYTHONHASHSEED": "2"},
    {"umask": "022", "LC_ALL": "tr_TR.UTF-8", "LANGUAGE": "tr", "TZ": "America/St_Johns", "PYTHONHASHSEED": "random"},
)


def laid_down(folder: Path, *, backwards: bool) -> Path:
    """The same files, written in another order, where `backwards` with other times and modes too."""
    one = "version: 1\nname: one\ndescription: Überall gleich – 同じ\n"
    two = (
        "version: 1\nname: two\nextends: one\n"
        "image:\n  packages: {apt: [zsh, git], pip: ['six>=1', attrs], npm: [pnpm]}\n"
        "  ca_certificates: [überwurzel.pem]\n"
    )
    files = {"one.yaml": one, "two.yaml": two, "überwurzel.pem": authority()}
    (folder / "envs").mkdir(parents=True)
    for name, text in sorted(files.items(), reverse=backwards):
        place = folder / "envs" / name
        place.write_text(text, encoding="utf-8")
        if backwards:
            place.chmod(0o600)
            os.utime(place, (1, 1))
    return folder


def authority() -> str:
    return split("public.pem", Path(certifi.where()).read_text(encoding="utf-8"))[0].pem


def tree(folder: Path) -> dict[str, tuple[str, str]]:
    """Relative path → mode, and a digest of the content."""
    return {
        path.relative_to(folder).as_posix(): (
            oct(path.stat().st_mode),
            hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
        )
        for path in sorted(folder.rglob("*"))
    }


def test_not_a_byte_of_a_context_differs(tmp_path: Path) -> None:
    told, trees = [], []
    for number, machine in enumerate(_MACHINES):
        root = laid_down(tmp_path / f"machine {number}" / "ö" / "checkout", backwards=bool(number % 2))
        variables = {key: value for key, value in machine.items() if key != "umask"}
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("LC_", "LANG", "PYTHON"))}
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM, str(root), machine["umask"]],
            env={**clean, "XDG_CACHE_HOME": str(tmp_path / f"cache {number}"), **variables},
            cwd=_CHECKOUT,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        told.append(json.loads(done.stdout))
        trees.append(tree(root / ".toolkit" / "contexts"))
        shutil.rmtree(root)
    assert {"one/Dockerfile", "two/Dockerfile", "two/steps/require", "one/runner/__main__.py"} < trees[0].keys()
    assert [name for name in trees[0] if name.startswith("two/certificates/")]
    assert told[1:] == told[:1] * 2
    assert trees[1:] == trees[:1] * 2
