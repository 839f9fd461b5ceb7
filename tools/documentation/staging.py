"""The site's pages in one folder: docs/, the examples' READMEs and the reference, with links that fit."""

from __future__ import annotations

import json
import os
import re
import shutil
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit import paths
from toolkit.cli.tree import global_options, tree
from tools.documentation import reference

if TYPE_CHECKING:
    from collections.abc import Mapping

CHECKOUT = Path(__file__).resolve().parents[2]
_LINK = re.compile(r"(?<=\]\()(?!https?:|mailto:|#)(?P<path>[^)#\s]+)(?P<anchor>#[^)\s]*)?(?=\))")
_FENCED = re.compile(r"^(```.*?^```)$", flags=re.MULTILINE | re.DOTALL)
_CHANGES = {"CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md"}


class LinkError(Exception):
    """A link to a file that the checkout does not have, or that is no part of the site."""


def stage(folder: Path) -> dict[str, str]:
    """Write all pages below `folder`, which is made anew; returns page → title, in the order of their names."""
    shutil.rmtree(folder, ignore_errors=True)
    places = _places()
    for source, target in places.items():
        _write(folder / target, _with_links(source, places) if source.suffix == ".md" else source.read_text("utf-8"))
    for name, text in _reference().items():
        _write(folder / name, text)
    return {str(page.relative_to(folder)): title(page) for page in sorted(folder.rglob("*.md"))}


def title(page: Path) -> str:
    """Its first heading."""
    lines = page.read_text("utf-8").splitlines()
    return next(line.removeprefix("# ") for line in lines if line.startswith("# "))


def configuration(pages: Mapping[str, str]) -> str:
    """zensical.toml with the examples, and what the navigation does not name below “More”."""
    text = (CHECKOUT / "zensical.toml").read_text("utf-8")
    project = tomllib.loads(text)["project"]
    named = set(_named(project["nav"]))
    examples = [name for name in pages if name.startswith("examples/")]
    others = [name for name in pages if name not in {*named, *examples}]
    for heading, names in (("Examples", examples), ("More", others)):
        entries = ", ".join(
            f"{{ {json.dumps(pages[name], ensure_ascii=False)} = {json.dumps(name)} }}" for name in names
        )
        text = text.replace(f'{{ "{heading}" = [] }}', f'{{ "{heading}" = [{entries}] }}')
    # Its folders are relative to the file, which is written beside them.
    return text.replace('"build/', '"')


def _named(nav: list[Any]) -> list[str]:
    found: list[str] = []
    for entry in nav:
        for target in entry.values():
            found += _named(target) if isinstance(target, list) else [target]
    return found


def _places() -> dict[Path, str]:
    """File of the checkout → its place in the site."""
    docs = CHECKOUT / "docs"
    found = {path: path.relative_to(docs).as_posix() for path in sorted(docs.rglob("*")) if path.is_file()}
    found |= {path: f"examples/{path.parent.name}.md" for path in sorted(CHECKOUT.glob("examples/*/README.md"))}
    return found | {CHECKOUT / name: target for name, target in _CHANGES.items()}


def _with_links(source: Path, places: Mapping[Path, str]) -> str:
    """The page with its links to other files leading to their places; a file that is no page is named as code."""
    parts = _FENCED.split(source.read_text("utf-8"))
    here = Path(places[source]).parent

    def moved(link: re.Match[str]) -> str:
        target = (source.parent / link["path"]).resolve()
        if target in places:
            return os.path.relpath(places[target], here) + (link["anchor"] or "")
        if link["path"].startswith("reference/") and source.parent == CHECKOUT / "docs":
            return link[0]
        if not target.exists():
            raise LinkError(f"{source.relative_to(CHECKOUT)}: there is no {link['path']}")
        return f"NO-PAGE:{link['path']}"

    texts = [part if part.startswith("```") else _LINK.sub(moved, part) for part in parts]
    return re.sub(r"\[([^\]]*)\]\(NO-PAGE:[^)]*\)", r"\1", "".join(texts))


def _reference() -> dict[str, str]:
    environment, settings = (json.loads(paths.schema(name).read_text("utf-8")) for name in ("environment", "settings"))
    return {
        "reference/commands.md": reference.commands(tree(), global_options()),
        "reference/environment.md": reference.keys(environment, title="envs/&lt;name&gt;.yaml"),
        "reference/settings.md": reference.keys(settings, title="Settings"),
    }


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
