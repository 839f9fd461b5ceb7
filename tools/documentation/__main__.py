"""`python -m tools.documentation`: the site below build/, without any request; a broken link is a failure."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from tools.documentation.staging import CHECKOUT, configuration, stage


def build(folder: Path) -> int:
    """Build into `folder`/site; returns the generator's exit code."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = stage(folder / "site-pages")
    made = folder / "zensical.toml"
    made.write_text(configuration(pages), encoding="utf-8")
    shutil.rmtree(folder / "site", ignore_errors=True)
    words = [str(Path(sys.executable).parent / "zensical"), "build", "--strict", "--clean", "-f", str(made)]
    return subprocess.run(words, check=False, timeout=300).returncode


if __name__ == "__main__":
    sys.exit(build(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else CHECKOUT / "build"))
