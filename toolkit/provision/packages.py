"""Package names as words of a shell line: what is no package name is refused, the rest is quoted."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from toolkit.errors import InvalidError

if TYPE_CHECKING:
    from collections.abc import Iterable

_ALLOWED = {
    # Debian policy 5.6.1, then `:architecture`, `=version` or `/suite` as apt-get takes them
    "apt": re.compile(r"[a-z0-9][a-z0-9+.-]*(:[a-z0-9-]+)?(=[A-Za-z0-9.+:~*-]+|/[a-z0-9][a-z0-9.-]*)?"),
    # PEP 508: name, extras, version specifiers or `@ URL`, environment marker
    "pip": re.compile(
        r"[A-Za-z0-9][A-Za-z0-9._-]*( ?\[[A-Za-z0-9._, -]*\])?"
        r"( ?(===?|~=|!=|<=?|>=?) ?[A-Za-z0-9.*+!_-]+(, ?(===?|~=|!=|<=?|>=?) ?[A-Za-z0-9.*+!_-]+)*| @ [!-~]+)?"
        r"( ?; ?[A-Za-z0-9_.,'\" ()<>=!~-]+)?"
    ),
    # the registry's names, with a scope, then `@version`, a range or a tag
    "npm": re.compile(r"(@[a-z0-9~-][a-z0-9._~-]*/)?[a-zA-Z0-9~][a-zA-Z0-9._~-]*(@[A-Za-z0-9 .*^~<>=|+_-]+)?"),
}


def words(manager: str, packages: Iterable[str], *, environment: str) -> str:
    """`packages` sorted, each once, quoted for sh; InvalidError for what `manager` (apt, pip, npm) could not mean."""
    wanted = sorted(set(packages))
    refused = [name for name in wanted if not _ALLOWED[manager].fullmatch(name)]
    if refused:
        raise InvalidError(
            f"environment '{environment}': image.packages.{manager}: {', '.join(map(repr, refused))} "
            f"{'is' if len(refused) == 1 else 'are'} no {manager} package",
            hint=f"give a name as '{manager} install' takes it, without options",
        )
    return " ".join(shlex.quote(name) for name in wanted)
