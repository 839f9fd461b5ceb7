"""The effective network policy of a declared environment, and what it says about a URL."""

from __future__ import annotations

from toolkit import preset, settings
from toolkit.model.policy import SiteRegistry
from toolkit.network.decide import decide
from toolkit.network.policy import compile_policy
from toolkit.network.url import parse
from toolkit.workflows import declarations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from toolkit.model.policy import Decision, Policy


def policy_of(root: Path, name: str) -> Policy:
    """The policy of an environment, as this site's settings complete it.

    Raises NotFoundError for a name that does not exist, InvalidError for files with errors.
    """
    spec, places = declarations.with_places(root, name)
    return compile_policy(
        spec.network,
        path=spec.path,
        places=places,
        preset=preset.load(),
        registries=_site_registries(root),
    )


def check(root: Path, name: str, url: str) -> Decision:
    """Would `url` pass in a session of this environment? A bare host means https. Raises as `policy_of`."""
    return decide(policy_of(root, name), parse(url))


def _site_registries(root: Path) -> Iterator[SiteRegistry]:
    """Each host of each client once, with the highest layer that states it; read only where the level asks for them."""
    stated = settings.load(root)
    for client, hosts in stated.site.registries.by_client().items():
        origins = stated.origins("site", "registries", client)
        for host in hosts:
            at = next(one for one in origins if host in one.value)
            yield SiteRegistry(
                client=client, host=host, source=f"{settings.shown(at.path, root)}:{at.line}:{at.column}"
            )
