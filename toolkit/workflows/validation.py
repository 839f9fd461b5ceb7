"""Which files `validate` means, and everything that is wrong with them."""

from __future__ import annotations

import glob
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.declare import declaration as declarations
from toolkit.declare.catalog import Catalog, name_clashes
from toolkit.declare.tree import Tree
from toolkit.errors import NotFoundError
from toolkit.model.declarations import Validation
from toolkit.paths import ENVIRONMENTS, find_root

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from toolkit.diagnostics import Diagnostic

STANDARD_INPUT = "-"


def validate(
    root: Path | None,
    paths: Sequence[str] = (),
    *,
    standard_input: Callable[[], bytes] = bytes,
) -> Validation:
    """Check files, folders, globs and `-`; without any, every environment of the root.

    `root` is the one given; without it the nearest upward, else the current folder where paths are named.
    Raises NotFoundError for a path that is not there and for a pattern or folder without YAML files.
    """
    base = _base(root, needed=not paths)
    run = _Run(base=base)
    for path in paths or [str(base / ENVIRONMENTS)]:
        if path == STANDARD_INPUT:
            run.add_text(standard_input())
        else:
            for file in _files(path, must_hold_some=bool(paths)):
                run.add(file)
    return run.result()


def _base(root: Path | None, *, needed: bool) -> Path:
    try:
        return find_root(root)
    except NotFoundError:
        if needed or root is not None:
            raise
        return Path.cwd()


@dataclass(slots=True, kw_only=True)
class _Run:
    """Files by the repository that they belong to: each has a catalog of its own, for names and parents."""

    base: Path
    _catalogs: dict[Path, tuple[Catalog, list[str]]] = field(default_factory=dict)

    def add(self, file: Path) -> None:
        shown = _shown(file, self.base)
        tree = Tree.at(self.base)
        if Path(shown).is_absolute() or shown.startswith(".."):
            tree = Tree(root=self.base, boundary=Tree.at(file.parent).boundary)
        _, files = self._catalogs.setdefault(tree.boundary, (Catalog(tree=tree), []))
        if shown not in files:
            files.append(shown)

    def add_text(self, content: bytes) -> None:
        """Standard input stands in the folder of the environments, under no name."""
        folder = self.base / ENVIRONMENTS
        tree = Tree(root=folder if folder.is_dir() else self.base, boundary=Tree.at(self.base).boundary)
        catalog = Catalog(tree=tree)
        catalog.add(declarations.parse(tree, STANDARD_INPUT, content, named=False))
        self._catalogs[Path(STANDARD_INPUT)] = (catalog, [STANDARD_INPUT])

    def result(self) -> Validation:
        problems = {one for catalog, files in self._catalogs.values() for one in _problems(catalog, files)}
        return Validation(
            files=tuple(sorted(declarations.shown(file) for _, files in self._catalogs.values() for file in files)),
            problems=tuple(sorted(problems, key=lambda one: one.sort_key)),
        )


def _problems(catalog: Catalog, files: Iterable[str]) -> Iterator[Diagnostic]:
    asked = set(files)
    examined = [catalog.examine(file) for file in files]
    for one in examined:
        yield from one.problems
        if asked.isdisjoint(one.lineage[:-1]):
            broken = catalog.broken_parent(one)
            if broken is not None:
                yield broken
    yield from name_clashes(one.declaration for one in examined)


def _files(path: str, *, must_hold_some: bool) -> Iterator[Path]:
    place = Path(path)
    if place.is_dir():
        folder = place / ENVIRONMENTS if (place / ENVIRONMENTS).is_dir() else place
        found = [folder / one for one in Tree(root=folder, boundary=folder).declarations_in(".")]
    elif place.exists() or place.is_symlink():
        found = [place]
    elif glob.has_magic(path):
        found = [Path(one) for one in sorted(glob.glob(path, recursive=True)) if not Path(one).is_dir()]  # noqa: PTH207 -- takes absolute patterns and ..
    else:
        raise NotFoundError(f"there is no file or folder {path}", hint="name files, folders, globs, or - for stdin")
    if not found and must_hold_some:
        raise NotFoundError(f"{path} holds no .yaml file", hint="name files, folders, globs, or - for stdin")
    yield from found


def _shown(file: Path, base: Path) -> str:
    """Relative to the root where it lies inside, else as it was given."""
    absolute = Path(os.path.abspath(file))  # noqa: PTH100 -- links stay as they are named
    for one in (absolute, absolute.resolve().parent / absolute.name):
        if one.is_relative_to(base):
            return one.relative_to(base).as_posix()
    return str(absolute) if file.is_absolute() else os.path.relpath(absolute, base)
