"""What a schema cannot say about settings: which layer may state what, and that addresses are addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.diagnostics import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from toolkit.documents import Document
    from toolkit.settings.layers import Layer

# A session's own network is a /29 (three hosts: session, gateway, git gateway); a smaller range holds none.
_SMALLEST_SUBNET = 29


def problems(document: Document, layer: Layer) -> list[Diagnostic]:
    """Every problem of one settings file beside the schema's."""
    site = _mapping(document.data, "site")
    found = list(_out_of_place(document, layer)) if layer.in_project else []
    found += _items(document, ("site", "subnets"), site.get("subnets"), _subnet_problem)
    dns = _mapping(site, "egress").get("dns")
    found += _items(document, ("site", "egress", "dns"), dns, _address_problem)
    return found


def _out_of_place(document: Document, layer: Layer) -> Iterator[Diagnostic]:
    """A checked-in file must not redirect traffic: what would is for managed and user settings only."""
    pointers = [("site", key) for key in _mapping(document.data, "site")]
    if "account" in _mapping(document.data, "remote"):
        pointers.append(("remote", "account"))
    for pointer in pointers:
        line, column = document.place(pointer, of_key=True)
        yield Diagnostic(
            path=document.path,
            line=line,
            column=column,
            pointer=".".join(pointer),
            rule="settings-out-of-place",
            message=f"counts only in managed and user settings, not in a project's ({layer.value})",
            hint="move it to your user settings",
        )


def _items(
    document: Document, pointer: tuple[str, ...], items: object, problem: Callable[[str], tuple[str, str, str] | None]
) -> Iterator[Diagnostic]:
    for index, item in enumerate(items if isinstance(items, list) else ()):
        found = problem(item) if isinstance(item, str) else None
        if found is None:
            continue
        rule, message, hint = found
        line, column = document.place((*pointer, index))
        yield Diagnostic(
            path=document.path,
            line=line,
            column=column,
            pointer=".".join((*pointer, str(index))),
            rule=rule,
            message=message,
            hint=hint,
        )


def _subnet_problem(text: str) -> tuple[str, str, str] | None:
    from ipaddress import AddressValueError, IPv4Network, NetmaskValueError

    rule = "settings-subnet"
    try:
        network = IPv4Network(text, strict=False)
    except (AddressValueError, NetmaskValueError, ValueError):
        return rule, f"'{text}' is no IPv4 network", "write it like 10.213.0.0/16"
    if str(network) != text:
        return rule, f"'{text}' is not how this network is written", f"write {network}"
    if network.prefixlen > _SMALLEST_SUBNET:
        return rule, f"'{text}' has no room for a session's /{_SMALLEST_SUBNET}", "give a larger network"
    return None


def _address_problem(text: str) -> tuple[str, str, str] | None:
    from ipaddress import ip_address

    try:
        ip_address(text)
    except ValueError:
        return "settings-address", f"'{text}' is no IP address", "a resolver is named by its address"
    return None


def _mapping(holder: object, key: str) -> dict[str, object]:
    found = holder.get(key) if isinstance(holder, dict) else None
    return found if isinstance(found, dict) else {}
