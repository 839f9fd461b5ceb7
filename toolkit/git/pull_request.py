"""Where the forges take a pull request; pure. By the form of their pages, chosen by the host's name."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from toolkit.git.addresses import Address


def page(address: Address, *, base: str, branch: str, title: str, body: str) -> str:
    """GitLab and Bitbucket by their names; else the form that GitHub, Gitea and Forgejo share."""
    port = f":{address.port}" if address.port and address.scheme in {"http", "https"} else ""
    scheme = address.scheme if address.scheme == "http" else "https"
    place = f"{scheme}://{address.host}{port}/{quote(address.owner_and_name)}"
    if "gitlab" in address.host:
        fields = {"source_branch": branch, "target_branch": base, "title": title, "description": body}
        query = urlencode({f"merge_request[{key}]": value for key, value in fields.items() if value})
        return f"{place}/-/merge_requests/new?{query}"
    if "bitbucket" in address.host:
        return f"{place}/pull-requests/new?{urlencode({'source': branch, 'dest': base, 'title': title})}"
    compared = f"{quote(base)}...{quote(branch)}" if base else quote(branch)
    return f"{place}/compare/{compared}?{urlencode({'expand': 1, 'title': title, 'body': body})}"
