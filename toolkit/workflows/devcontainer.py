"""`env export` and `env import`: declarations and devcontainer.json, both ways."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.declare import declaration as declarations
from toolkit.declare import jsonc, writing
from toolkit.declare.catalog import Catalog
from toolkit.declare.devcontainer import FILE, to_devcontainer
from toolkit.declare.devcontainer_reading import dockerfile_of, from_devcontainer
from toolkit.declare.own_rules import NAME, VERSION
from toolkit.declare.tree import Tree
from toolkit.diagnostics import Severity
from toolkit.documents import MAX_BYTES
from toolkit.documents.files import create, replace
from toolkit.errors import InvalidError, NotFoundError, ToolkitError, unwritable
from toolkit.model.devcontainer import Exported, Imported
from toolkit.paths import ENVIRONMENTS, LOCK_NAME
from toolkit.workflows.declarations import environment

if TYPE_CHECKING:
    from toolkit.model.devcontainer import Translation

FOLDER = ".devcontainer"
_LONGEST_NAME = 40


def export(root: Path, name: str, *, output: Path | None = None, force: bool = False) -> Exported:
    """Write the devcontainer.json of an environment and what it needs beside it; all files or none.

    `output`: the devcontainer.json to write, else the one of the root. Raises NotFoundError, InvalidError, and
    ToolkitError where a file is there that says something else, unless `force`.
    """
    spec = environment(root, name)
    made = to_devcontainer(spec)
    target = output or root / FOLDER / FILE
    files = {target if path == FILE else target.parent / path: text for path, text in made.files.items()}
    try:
        different = [path for path, text in files.items() if not _says(path, text)]
        existing = [path for path in different if path.exists() or path.is_symlink()]
        if existing and not force:
            shown = ", ".join(sorted(_shown(root, path) for path in existing))
            raise ToolkitError(
                f"{shown} {'is' if len(existing) == 1 else 'are'} there already",
                hint="--force writes over it, --output FILE writes elsewhere",
            )
        for path in sorted(different, key=lambda one: one.name == FILE):  # last: what it names is then there
            path.parent.mkdir(parents=True, exist_ok=True)
            replace(path.resolve(), files[path])
    except OSError as error:
        raise unwritable(target, error) from error
    return Exported(
        environment=name,
        written=tuple(sorted(_shown(root, path) for path in different)),
        kept=tuple(sorted(_shown(root, path) for path in files if path not in different)),
        unmapped=made.unmapped,
    )


def import_(root: Path, file: Path, *, name: str = "") -> Imported:
    """Write envs/<name>.yaml from a devcontainer.json; never over an existing one.

    Raises NotFoundError, InvalidError (the file, or what it would come to), ToolkitError.
    """
    body = jsonc.loads(_read(file), path=str(file))
    if not isinstance(body, dict):
        raise ToolkitError(f"{file} is no devcontainer.json: its top is no object", hint="name a devcontainer.json")
    named = dockerfile_of(body)
    found = from_devcontainer(body, dockerfile_text=_dockerfile(file, named) if named else "")
    chosen = _name(name, found, file)
    path = f"{ENVIRONMENTS}/{chosen}.yaml"
    text = _text(root, chosen, found)
    _check(root, path, text, file)
    try:
        create(root / path, text)
    except FileExistsError as error:
        raise ToolkitError(
            f"environment '{chosen}' exists already: {path}", hint="--name NAME gives another"
        ) from error
    except OSError as error:
        raise unwritable(root / path, error) from error
    return Imported(environment=chosen, path=path, unmapped=found.unmapped)


def _text(root: Path, name: str, found: Translation) -> str:
    """The default network is written out: a devcontainer has none of its own, and this is the line to change."""
    head = {"version": VERSION, "name": name}
    text = writing.text_of({**head, "network": {"access": "trusted"}, **found.body})
    has_schema = (root / "schemas" / "environment.schema.json").is_file()
    return f"{writing.SCHEMA_LINE}{text}" if has_schema else text


def _check(root: Path, path: str, text: str, file: Path) -> None:
    tree = Tree.at(root)
    catalog = Catalog(tree=tree)
    catalog.add(declarations.parse(tree, path, text.encode()))
    examined = catalog.examine(path)
    if examined.spec is None:
        raise InvalidError(
            f"what {file} says would be a declaration with errors: {path} was not written",
            hint=f"mend it in {file}",
            diagnostics=[one for one in examined.problems if one.severity is Severity.ERROR],
        )


def _name(wanted: str, found: Translation, file: Path) -> str:
    """The name that is wanted, else one made of the devcontainer's, else of the folder that it is for."""
    if wanted:
        chosen = wanted
    else:
        folder = file.resolve().parent
        titles = (found.title, folder.parent.name if folder.name == FOLDER else folder.name)
        chosen = next((slug for slug in map(_slug, titles) if slug), "")
    if not NAME.fullmatch(chosen):
        raise ToolkitError(
            f"'{chosen}' is not the name of an environment",
            hint="--name NAME: a-z, 0-9 and - inside, at most 40 characters",
        )
    if f"{chosen}.yaml" == LOCK_NAME:
        raise ToolkitError(f"'{chosen}' is taken: {ENVIRONMENTS}/{LOCK_NAME} is the lock file", hint="--name NAME")
    return chosen


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:_LONGEST_NAME].strip("-")


def _dockerfile(file: Path, named: str) -> str:
    try:
        return _read(file.parent / named).decode()
    except UnicodeDecodeError as error:
        raise ToolkitError(f"{file.parent / named} is not valid UTF-8", hint="save the file as UTF-8") from error


def _read(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise NotFoundError(f"there is no file {path}", hint=f"such as {FOLDER}/{FILE}")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise ToolkitError(f"{path} can't be read: {reason}", hint="check its owner and mode") from error
    if len(content) > MAX_BYTES:
        raise ToolkitError(f"{path} is too large: 1 MiB is the limit", hint=f"name a {FILE}")
    return content


def _says(path: Path, text: str) -> bool:
    return path.is_file() and path.read_bytes() == text.encode()


def _shown(root: Path, path: Path) -> str:
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 -- links stay as they are named
    return absolute.relative_to(root).as_posix() if absolute.is_relative_to(root) else str(path)
