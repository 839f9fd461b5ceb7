"""All declarations of a folder together: names, parents, what is in force, and every problem."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from toolkit.declare import declaration as declarations
from toolkit.declare import effective_rules, spec
from toolkit.declare.findings import Fault, Findings
from toolkit.declare.located import Located, merged
from toolkit.declare.tree import SUFFIX, Tree
from toolkit.diagnostics import Diagnostic, did_you_mean, has_errors

if TYPE_CHECKING:
    from collections.abc import Iterable

    from toolkit.declare.declaration import Declaration
    from toolkit.model.environment import EnvironmentSpec


_MOST_NAMED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """One file after all its checks; `effective` is None where an error, its own or a parent's, stops it.

    `lineage` names the files that it is made of: its furthest parent first, itself last.
    """

    declaration: Declaration
    problems: tuple[Diagnostic, ...]
    lineage: tuple[str, ...]
    effective: Located | None = None

    @property
    def passes(self) -> bool:
        return self.effective is not None

    @property
    def spec(self) -> EnvironmentSpec | None:
        """Built when it is asked for: `validate` never does."""
        return None if self.effective is None else spec.build(self.declaration, self.effective)


@dataclass(slots=True, kw_only=True)
class Catalog:
    """The declarations of a tree; each file is read once, when it is first asked for.

    A `quick` one reads plain files without their places, and again with them where there is something to say: its
    specs and problems are the same, but what it examined can't tell the origins of values.
    """

    tree: Tree
    quick: bool = False
    _known: dict[str, Declaration] = field(default_factory=dict)
    _examined: dict[str, Examined] = field(default_factory=dict)

    def declaration(self, path: str) -> Declaration:
        if path not in self._known:
            quick = declarations.read_quickly(self.tree, path) if self.quick else None
            self._known[path] = quick or declarations.read(self.tree, path)
        return self._known[path]

    def placed(self, path: str) -> Declaration:
        """The declaration with the places of its values."""
        known = self.declaration(path)
        if known.document is None or known.document.placed:
            return known
        again = declarations.read(self.tree, path)
        if again.document is not None:  # else it was changed under our hands
            self._known[path] = again
        return self._known[path]

    def add(self, declaration: Declaration) -> None:
        """A declaration that is no file of the tree, such as standard input."""
        self._known[declaration.path] = declaration

    def examine(self, path: str) -> Examined:
        """Everything about one file; its parents are read as well, but their problems stay theirs."""
        if path not in self._examined:
            found = self._examine(path)
            if found.problems and self.placed(path) is not found.declaration:
                found = self._examine(path)
            self._examined[path] = found
        return self._examined[path]

    def _examine(self, path: str) -> Examined:
        own = self.declaration(path)
        problems = list(own.problems)
        lineage = self._lineage(own, problems)
        if own.body is None or lineage is None:
            return Examined(declaration=own, problems=_sorted(problems), lineage=_paths(lineage or [own]))
        effective = _merge(lineage)
        problems += effective_rules.check(effective, path)
        # The furthest first: then each finds its own parents examined, however long the line is.
        parents_failed = not all(self.examine(one.path).passes for one in lineage[:-1])
        if has_errors(problems) or parents_failed:
            return Examined(declaration=own, problems=_sorted(problems), lineage=_paths(lineage))
        return Examined(
            declaration=own,
            problems=_sorted(problems),
            lineage=_paths(lineage),
            effective=effective,
        )

    def rests_on(self, examined: Examined) -> tuple[str, ...]:
        """Every file that went into it, as `Tree.seen` notes them."""
        files = (one for path in examined.lineage for one in declarations.rests_on(self.tree, self.declaration(path)))
        return tuple(dict.fromkeys(files))

    def broken_parent(self, examined: Examined) -> Diagnostic | None:
        """For a file whose only fault is a parent's."""
        parents = [one for one in examined.lineage[:-1] if not self.examine(one).passes]
        if not parents or has_errors(examined.problems):
            return None
        message = f"the environment that this one extends has errors: {parents[-1]}"
        fault = Fault(rule="extends-invalid", message=message, hint=f"toolkit validate {parents[-1]}")
        return _at_extends(self.placed(examined.declaration.path), fault)

    def _lineage(self, own: Declaration, problems: list[Diagnostic]) -> list[Declaration] | None:
        """The furthest parent first; None after reporting why there is no such line."""
        line = [own]
        while line[0].extends:
            parent = self._parent(line[0])
            if parent is None:
                if len(line) == 1:
                    problems.append(self._no_parent(own))
                return None
            if any(parent.path == one.path for one in line):
                problems.append(_cycle(own, [one.name for one in reversed(line)], parent.name))
                return None
            line.insert(0, parent)
        return line

    def _parent(self, child: Declaration) -> Declaration | None:
        path = str(_folder(child.path) / f"{child.extends}{SUFFIX}")
        if path not in self._known and path not in self._beside(child.path):
            return None
        return self.declaration(path)

    def _beside(self, path: str) -> tuple[str, ...]:
        return self.tree.declarations_in(str(_folder(path)))

    def _no_parent(self, child: Declaration) -> Diagnostic:
        there = [PurePosixPath(one).stem for one in self._beside(child.path) if one != child.path]
        more = " …" if len(there) > _MOST_NAMED else ""
        there_is = f"there is {', '.join(there[:_MOST_NAMED])}{more}" if there else ""
        hint = did_you_mean(child.extends, there) or there_is
        message = f"environment '{child.extends}' does not exist"
        return _at_extends(child, Fault(rule="extends-missing", message=message, hint=hint))


def name_clashes(examined: Iterable[Declaration]) -> list[Diagnostic]:
    """Files of one folder that claim one name; the one whose file is called so keeps it."""
    found: list[Diagnostic] = []
    owners: dict[tuple[str, str], Declaration] = {}
    for one in sorted(examined, key=lambda each: (each.stem != each.name, each.path)):
        if one.document is None:
            continue
        key = (str(_folder(one.path)), one.name)
        owner = owners.setdefault(key, one)
        if owner is not one:
            findings = Findings(document=one.document)
            message = f"the name '{one.name}' is taken by {owner.path}"
            findings.add(("name",), Fault(rule="name-duplicate", message=message))
            found += findings.problems
    return found


def _merge(lineage: list[Declaration]) -> Located:
    bodies = [one.body for one in lineage if one.body is not None]
    effective = bodies[0]
    for body in bodies[1:]:
        effective = merged(effective, body)
    return effective


def _cycle(own: Declaration, names: list[str], again: str) -> Diagnostic:
    way = " → ".join([*names, again])
    return _at_extends(own, Fault(rule="extends-cycle", message=f"extends goes in a circle: {way}"))


def _at_extends(child: Declaration, fault: Fault) -> Diagnostic:
    assert child.document is not None
    findings = Findings(document=child.document)
    findings.add(("extends",), fault)
    return findings.problems[0]


def _folder(path: str) -> PurePosixPath:
    return PurePosixPath(path).parent


def _paths(lineage: list[Declaration]) -> tuple[str, ...]:
    return tuple(one.path for one in lineage)


def _sorted(problems: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    return tuple(sorted(set(problems), key=lambda one: one.sort_key))
