"""What every command gets: the global options, read once."""

from __future__ import annotations

import os
from pathlib import Path

from toolkit.errors import NotFoundError, UsageError
from toolkit.paths import find_root
from toolkit.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from toolkit.console import Console


class GlobalOptions(Record):
    """`--root`, `--json`, `-q`, `-v`, `--no-color`: they stand before or after the verb."""

    root: Path | None = None
    as_json: bool = False
    quiet: bool = False
    verbose: bool = False
    no_color: bool = False


class Invocation(Record):
    """The value in every command's context (`context.obj`)."""

    console: Console
    explicit_root: Path | None = None

    @property
    def root(self) -> Path:
        """The folder that holds envs/; raises NotFoundError where there is none."""
        return find_root(self.explicit_root)

    def with_options(self, options: GlobalOptions) -> Invocation:
        """For a part of this call that has global options of its own: they come on top."""
        own = self.console
        console = type(own)(
            as_json=own.as_json or options.as_json,
            quiet=own.quiet or options.quiet,
            verbose=own.verbose or options.verbose,
            no_color=own.no_color or options.no_color,
        )
        return Invocation(console=console, explicit_root=options.root or self.explicit_root)

    @property
    def root_if_any(self) -> Path | None:
        """The same, or None where none is named and none is found; a named one must be there."""
        try:
            return self.root
        except NotFoundError:
            if self.explicit_root is not None or os.environ.get("TOOLKIT_ROOT"):
                raise
            return None


GLOBAL_OPTIONS = {
    "--root": "The folder that holds envs/.",
    "--json": "One JSON document on standard output.",
    "--quiet": "No progress and no remarks.",
    "--verbose": "Every detail.",
    "--no-color": "No colours; NO_COLOR does the same.",
}
IN_FULL = {"--root": "--root DIR", "--quiet": "-q, --quiet", "--verbose": "-v, --verbose"}
"""How help and manual write some of them."""

FLAGS = {
    "--json": "as_json",
    "-q": "quiet",
    "--quiet": "quiet",
    "-v": "verbose",
    "--verbose": "verbose",
    "--no-color": "no_color",
}


def split_global_options(argv: Sequence[str]) -> tuple[GlobalOptions, list[str]]:
    """Take the global options out of `argv`, wherever they stand before a `--`."""
    found: dict[str, bool] = {}
    root: Path | None = None
    rest: list[str] = []
    words = iter(argv)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word in FLAGS:
            found[FLAGS[word]] = True
        elif word == "--root" or word.startswith("--root="):
            value = word.partition("=")[2] if "=" in word else next(words, "")
            if not value:
                raise UsageError("--root needs a folder")
            root = Path(value)
        else:
            rest.append(word)
    return GlobalOptions(root=root, **found), rest
