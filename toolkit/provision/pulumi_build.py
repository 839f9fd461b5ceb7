"""Build the Pulumi CLI and its Python language host from their Go modules: for networks with a Go module proxy only.

The language host is 3.79.0: the last release whose tagged SDK module still holds it, later ones live in a module
without tags, which a module proxy may not serve. The 3.259.0 CLI falls back where that host lacks newer calls; its
Python part (`…-exec`) must be the CLI's own version.
"""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

from toolkit import paths, process
from toolkit.errors import ToolkitError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LANGUAGE_HOST_VERSION = "3.79.0"
OLDEST_GO = (1, 25, 11)
_SDK = "github.com/pulumi/pulumi/sdk/v3"
_EXEC = "pulumi-language-python-exec"
_BUILD_SECONDS = 3600.0
_ASK_SECONDS = 60.0
_REPORT_EVERY = 100
# GOWORK and GOFLAGS: a workspace or flags of the user's own would change what is built
_ENVIRONMENT = {"CGO_ENABLED": "0", "GOWORK": "off", "GOFLAGS": "-mod=readonly -buildvcs=false"}


def build(target: Path, version: str, report: Callable[[str], None]) -> None:
    """Make `target`/bin with the CLI `version`, the language host and its exec script; ToolkitError on failure."""
    check_go()
    programs = target / "bin"
    programs.mkdir(parents=True)
    modules = paths.carried("pulumi")
    _build(modules / "langhost", programs, LANGUAGE_HOST_VERSION, "language host", report)
    _build(modules / "cli", programs, version, "CLI", report)
    where = _go(("list", "-m", "-f", "{{.Dir}}", _SDK), modules / "cli", timeout=_ASK_SECONDS).stdout.strip()
    script = programs / _EXEC
    shutil.copyfile(f"{where}/python/cmd/{_EXEC}", script)
    script.chmod(0o755)


def check_go() -> None:
    """ToolkitError where Go is missing or too old to build Pulumi, and may not fetch a newer toolchain itself."""
    wanted = ".".join(map(str, OLDEST_GO))
    hint = f"install Pulumi 3.200 or newer, or Go {wanted} or newer (Pulumi is then built from its modules)"
    if process.which("go") is None:
        raise ToolkitError("Pulumi cannot be built: 'go' is not installed", hint=hint)
    said = process.run(("go", "env", "GOVERSION", "GOTOOLCHAIN"), timeout=_ASK_SECONDS).stdout.split()
    version, toolchain = (*said, "", "")[:2]
    numbers = tuple(int(part) for part in re.findall(r"\d+", version)[:3])
    if numbers < OLDEST_GO and (toolchain == "local" or numbers < (1, 21)):  # 1.21 learnt to fetch toolchains
        raise ToolkitError(f"Pulumi cannot be built: {version or 'this go'} is older than {wanted}", hint=hint)


def _build(module: Path, programs: Path, version: str, name: str, report: Callable[[str], None]) -> None:
    label = f"Pulumi {name} {version}"
    report(f"{label}: fetching and compiling")
    stamp = f"-s -w -X {_SDK}/go/common/version.Version=v{version}"
    argv = (
        "build",
        "-v",
        "-o",
        f"{programs}/",
        "-trimpath",
        "-tags",
        "osusergo,grpcnotrace",
        "-ldflags",
        stamp,
        "tool",
    )
    _go(argv, module, timeout=_BUILD_SECONDS, on_line=_counter(label, report))
    report(f"{label}: done")


def _go(
    argv: tuple[str, ...], module: Path, *, timeout: float, on_line: Callable[[str], None] | None = None
) -> process.Completed:
    return process.run(("go", *argv), timeout=timeout, cwd=module, env=_ENVIRONMENT, on_line=on_line)


def _counter(label: str, report: Callable[[str], None]) -> Callable[[str], None]:
    """A listener to go's lines (one a package, no total) that reports every hundredth."""
    seen = {"fetched": 0, "compiled": 0}

    def count(line: str) -> None:
        kind = "fetched" if line.startswith("go: downloading") else "compiled"
        seen[kind] += 1
        if seen[kind] % _REPORT_EVERY == 0:
            report(f"{label}: {seen[kind]} packages {kind}")

    return count
