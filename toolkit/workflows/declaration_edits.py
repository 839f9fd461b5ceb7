"""Changes to declarations: new, archived and back, rewritten to this version; all else in the files stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.declare import declaration as declarations
from toolkit.declare.own_rules import NAME, VERSION
from toolkit.declare.tree import Tree
from toolkit.documents.files import create, locked, replace
from toolkit.errors import InvalidError, ToolkitError, unwritable
from toolkit.model.declarations import Edited
from toolkit.paths import ENVIRONMENTS, LOCK_NAME
from toolkit.workflows.declarations import invalid, path_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_NEW = """\
version: 1
name: {name}
{head}
network:
  access: trusted       # none, trusted, full or custom

image:
  base: debian:bookworm-slim
  packages: {{apt: [], pip: [], npm: []}}

agent: shell            # shell, claude, codex, or a command of your own
"""
_NEW_CHILD = """\
version: 1
name: {name}
{head}extends: {parent}       # maps merge, lists concatenate, scalars override
"""


def new(root: Path, name: str, *, extends: str = "", description: str = "") -> Edited:
    """Write the declaration of a new environment; never over an existing one.

    Raises NotFoundError where the environment to extend does not exist.
    """
    if not NAME.fullmatch(name):
        raise ToolkitError(
            f"'{name}' is not the name of an environment", hint="a-z, 0-9 and - inside, at most 40 characters"
        )
    if f"{name}.yaml" == LOCK_NAME:
        raise ToolkitError(
            f"'{name}' is taken: {ENVIRONMENTS}/{LOCK_NAME} is the lock file", hint="choose another name"
        )
    if extends:
        path_of(root, extends)
    path = f"{ENVIRONMENTS}/{name}.yaml"
    try:
        create(root / path, _new_text(root, name, extends, description))
    except FileExistsError as error:
        raise ToolkitError(f"environment '{name}' exists already: {path}", hint="choose another name") from error
    except OSError as error:
        raise unwritable(path, error) from error
    return Edited(name=name, path=path)


def archive(root: Path, name: str, *, archived: bool) -> Edited:
    """Set `archived` in the file of an environment; raises NotFoundError, InvalidError for a file with errors."""
    from toolkit.documents.edit import set_value

    path = path_of(root, name)

    def changed(text: str) -> str:
        declaration = declarations.parse(Tree.at(root), path, text.encode())
        if declaration.failed:
            raise invalid(declaration.problems)
        return text if declaration.archived is archived else set_value(text, ("archived",), archived)

    return Edited(name=name, path=path, archived=archived, changed=_rewrite(root, path, changed))


def migrate(root: Path) -> tuple[str, ...]:
    """Rewrite every declaration of an older version, comments and order kept; the paths of those rewritten."""
    return tuple(path for path in Tree.at(root).environments() if _rewrite(root, path, _at_this_version))


def _at_this_version(text: str) -> str:
    """Version 0 had the same keys, before the format was settled: only the number changes."""
    from toolkit.documents import load
    from toolkit.documents.edit import set_value

    document = load(text.encode(), path="").document
    version = document.data.get("version") if document is not None and isinstance(document.data, dict) else None
    if isinstance(version, bool) or not isinstance(version, int) or not 0 <= version < VERSION:
        return text
    return set_value(text, ("version",), VERSION)


def _rewrite(root: Path, path: str, changed: Callable[[str], str]) -> bool:
    """Apply `changed` to the file's text under a lock; whether it made a difference."""
    target = (root / path).resolve()
    try:
        with locked(target):
            before = target.read_bytes().decode("utf-8")
            after = changed(before)
            if after != before:
                replace(target, after)
    except UnicodeDecodeError as error:
        raise InvalidError(f"{path} is not valid UTF-8", hint=f"toolkit validate {path}") from error
    except OSError as error:
        raise unwritable(path, error) from error
    return after != before


def _new_text(root: Path, name: str, extends: str, description: str) -> str:
    import json

    # A text in JSON is the same text in YAML.
    head = f"description: {json.dumps(description, ensure_ascii=False)}\n" if description else ""
    form = _NEW_CHILD if extends else _NEW
    text = form.format(name=name, head=head, parent=extends)
    if (root / "schemas" / "environment.schema.json").is_file():
        text = f"# yaml-language-server: $schema=../schemas/environment.schema.json\n{text}"
    return text
