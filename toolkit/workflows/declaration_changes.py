"""`env diff`: the environments of a git revision beside those of the working tree."""

from __future__ import annotations

import tempfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from toolkit.declare import declaration as declarations
from toolkit.declare.catalog import Catalog
from toolkit.declare.differences import between
from toolkit.declare.tree import Tree
from toolkit.git.past import past
from toolkit.model.declarations import Comparison, Difference, Effect, Kind
from toolkit.model.environment import SHOWN_DIGITS
from toolkit.paths import ENVIRONMENTS
from toolkit.workflows.declarations import all_environments

if TYPE_CHECKING:
    from toolkit.model.environment import EnvironmentSpec


def compare(root: Path, revision: str) -> Comparison:
    """What changed since `revision`, by meaning.

    Raises NotFoundError for an unknown revision, ToolkitError outside a repository, InvalidError for a working tree
    with errors. Errors of the past are no obstacle: such an environment counts as changed as a whole.
    """
    now = {spec.name: spec for spec in all_environments(root)}
    with tempfile.TemporaryDirectory(prefix="toolkit-") as scratch:
        then = _at(root, revision, Path(scratch))
    differences: list[Difference] = []
    for name in sorted({*now, *then}):
        old, new = then.get(name), now.get(name)
        if name in then and old is None and new is not None:
            differences.append(_whole(new))
        else:
            differences += between(old, new)
    unreadable = tuple(sorted(name for name, spec in then.items() if spec is None))
    return Comparison(revision=revision, differences=tuple(differences), unreadable=unreadable)


def _at(root: Path, revision: str, scratch: Path) -> dict[str, EnvironmentSpec | None]:
    """The environments of the revision by name; None for one whose file has errors."""
    laid_out = past(root, revision, scratch)
    laid_out.lay_out([ENVIRONMENTS])
    tree = Tree(root=laid_out.root.resolve(), boundary=laid_out.top.resolve())
    paths = [path for path in tree.environments() if path.endswith(".yaml")]
    named = {
        str(PurePosixPath(path).parent / file)
        for path in paths
        for file in declarations.named_files(declarations.read(tree, path))
    }
    if named:
        laid_out.lay_out(sorted(named))
    catalog = Catalog(tree=tree)
    return {PurePosixPath(path).stem: catalog.examine(path).spec for path in paths}


def _whole(spec: EnvironmentSpec) -> Difference:
    return Difference(
        environment=spec.name,
        kind=Kind.CHANGED,
        after=spec.revision[:SHOWN_DIGITS],
        effects=(Effect.NEXT_SESSION,),
    )
