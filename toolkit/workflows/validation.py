"""Which files `validate` means, and everything that is wrong with them."""

from __future__ import annotations

import glob
import os
from collections import Counter
from pathlib import Path, PurePosixPath

from toolkit.declare.tree import Tree
from toolkit.errors import NotFoundError, ToolkitError
from toolkit.model.declarations import STANDARD_INPUT, Validation
from toolkit.paths import ENVIRONMENTS, LOCK_NAME, find_root
from toolkit.workflows import checking

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from toolkit.diagnostics import Diagnostic


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
    run = _Run(base)
    for path in paths or [str(base / ENVIRONMENTS)]:
        if path == STANDARD_INPUT:
            run.add_text(standard_input())
        else:
            run.add(path, must_hold_some=bool(paths))
    return run.result()


def _base(root: Path | None, *, needed: bool) -> Path:
    try:
        return find_root(root)
    except NotFoundError:
        if needed or root is not None:
            raise
        return Path.cwd()


class _Run:
    """Files by the repository that they belong to: names and parents are looked for in there."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.tree = Tree.at(base)
        self._trees: dict[Path, tuple[Tree, dict[str, None]]] = {}
        self._texts: list[bytes] = []
        self._locks: dict[str, Path] = {}

    def add(self, path: str, *, must_hold_some: bool) -> None:
        for folder, found in _files(path, must_hold_some=must_hold_some):
            shown = _shown(folder, self.base)
            names = [name for name in found if name != LOCK_NAME]
            if len(names) < len(found):
                self._locks[LOCK_NAME if shown == "." else f"{shown}/{LOCK_NAME}"] = folder / LOCK_NAME
            tree = self.tree
            if shown.startswith(("/", "..")):
                tree = Tree(root=self.base, boundary=Tree.at(folder).boundary)
            _, files = self._trees.setdefault(tree.boundary, (tree, {}))
            files.update(dict.fromkeys((name if shown == "." else f"{shown}/{name}") for name in names))

    def add_text(self, content: bytes) -> None:
        self._texts = [content]

    def result(self) -> Validation:
        problems: set[Diagnostic] = set()
        shown = [STANDARD_INPUT] if self._texts else []
        for tree, files in self._trees.values():
            paths = list(files)
            known = checking.unchanged(tree, paths)
            problems.update(_problems(tree, checking.check(tree, paths)) if known is None else known)
            shown += paths if all(map(str.isascii, paths)) else [_printable(path) for path in paths]
        for content in self._texts:
            problems.update(self._problems_of_text(content))
        for path, place in self._locks.items():
            problems.update(_problems_of_lock(path, place))
            shown.append(path)
        return Validation(
            files=tuple(sorted(shown)),
            problems=tuple(sorted(problems, key=lambda one: one.sort_key)),
            folder=os.path.relpath(self.tree.root, self.tree.boundary),
        )

    def _problems_of_text(self, content: bytes) -> Iterator[Diagnostic]:
        """Standard input stands in the folder of the environments, under no name."""
        from toolkit.declare import declaration as declarations
        from toolkit.declare.catalog import Catalog

        folder = self.base / ENVIRONMENTS
        tree = Tree(root=folder if folder.is_dir() else self.base, boundary=self.tree.boundary)
        catalog = Catalog(tree=tree)
        catalog.add(declarations.parse(tree, STANDARD_INPUT, content, named=False))
        return _problems(tree, checking.examined_in(catalog, [STANDARD_INPUT]))


def _problems(tree: Tree, checked: Sequence[checking.Checked]) -> Iterator[Diagnostic]:
    asked = {one.path for one in checked}
    for one in checked:
        yield from one.problems
        if one.broken_parent is not None and asked.isdisjoint(one.parents):
            yield one.broken_parent
    if any(one.problems for one in checked):
        yield from _clashes(tree, checked)


def _problems_of_lock(path: str, place: Path) -> Sequence[Diagnostic]:
    """Of a lock file that is named, or that a pattern means: it stands beside declarations, and is none."""
    from toolkit.declare import lock
    from toolkit.declare.tree import UnreadableError

    try:
        content = Tree(root=place.parent, boundary=place.parent).read(place.name)
    except UnreadableError as error:
        raise ToolkitError(error.fault.message, hint=error.fault.hint) from error
    return lock.problems(content, path=path)


def _clashes(tree: Tree, checked: Sequence[checking.Checked]) -> list[Diagnostic]:
    """Files that claim one name; at least one of them has a problem anyway, for it is not called so."""
    from toolkit.declare.catalog import Catalog, name_clashes

    claims = {one.path: (PurePosixPath(one.path).parent, one.name) for one in checked if one.name is not None}
    times = Counter(claims.values())
    catalog = Catalog(tree=tree)
    return name_clashes(catalog.declaration(path) for path, claim in claims.items() if times[claim] > 1)


def _files(path: str, *, must_hold_some: bool) -> Iterator[tuple[Path, list[str]]]:
    """Folders, and the names of files in them."""
    place = Path(path)
    if place.is_dir():
        folder = place / ENVIRONMENTS if (place / ENVIRONMENTS).is_dir() else place
        found = [(folder, list(Tree(root=folder, boundary=folder).declarations_in(".")))]
    elif place.exists() or place.is_symlink():
        found = [(place.parent, [place.name])]
    elif glob.has_magic(path):
        matches = [Path(one) for one in sorted(glob.glob(path, recursive=True)) if not Path(one).is_dir()]  # noqa: PTH207 -- takes absolute patterns and ..
        found = [(one.parent, [one.name]) for one in matches]
    else:
        raise NotFoundError(f"there is no file or folder {path}", hint="name files, folders, globs, or - for stdin")
    if must_hold_some and not any(names for _, names in found):
        raise NotFoundError(f"{path} holds no .yaml file", hint="name files, folders, globs, or - for stdin")
    yield from found


def _shown(folder: Path, base: Path) -> str:
    """Relative to the root where it lies inside, else as it was given."""
    absolute = Path(os.path.abspath(folder))  # noqa: PTH100 -- links stay as they are named
    for one in (absolute, absolute.resolve()):
        if one.is_relative_to(base):
            return one.relative_to(base).as_posix()
    return str(absolute) if folder.is_absolute() else os.path.relpath(absolute, base)


def _printable(path: str) -> str:
    """POSIX allows names that are no UTF-8."""
    return path.encode("utf-8", "replace").decode("utf-8")
