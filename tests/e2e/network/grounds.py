"""The root that the lab's sessions are declared in: an environment for each level, and the site's settings."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.e2e.network.names import LEADS, NOISY, OPEN, TRACKER, VAULT, WILD

SECRET_VARIABLE = "LAB_VAULT_TOKEN"
SECRET_PREFIX = "Bearer "
_COMMON = {"version": 1, "resources": {"cpus": 2, "memory": "1g", "pids": 400}}
_SECRET = {
    "name": "vault",
    "hosts": [VAULT],
    "header": "Authorization",
    "prefix": SECRET_PREFIX,
    "from": {"env": SECRET_VARIABLE},
}
_DENY = [TRACKER, f"*.{NOISY}"]
NETWORKS: dict[str, dict[str, Any]] = {
    "none": {"access": "none"},
    "trusted": {"access": "trusted", "deny": _DENY},
    "full": {"access": "full", "deny": _DENY},
    "custom": {
        "access": "custom",
        "allow": [OPEN, f"*.{WILD}", f"*.{LEADS}"],
        "deny": _DENY,
        "secrets": [_SECRET],
    },
}


def laid_out(root: Path) -> Path:
    """`root` with an environment for each level, named like it."""
    (root / "envs").mkdir()
    for name, network in NETWORKS.items():
        declare(root, name, network)
    return root


def declare(root: Path, name: str, network: dict[str, Any]) -> None:
    """Write an environment; all have one build, so that their images share every layer."""
    # JSON is YAML too
    text = json.dumps({**_COMMON, "name": name, "network": network}, indent=1)
    (root / "envs" / f"{name}.yaml").write_text(text + "\n", encoding="utf-8")


def write_settings(config: Path, certificate: Path, egress: dict[str, Any] | None = None) -> None:
    """This machine's own site values, so that builds work as its users' do, the lab's authority, and the way out."""
    site = dict(own_site())
    site["ca_certificates"] = [*site.get("ca_certificates", ()), str(certificate)]
    if egress is not None:
        site["egress"] = egress
    (config / "toolkit").mkdir(exist_ok=True)
    (config / "toolkit" / "settings.yaml").write_text(json.dumps({"site": site}), encoding="utf-8")


def own_site() -> dict[str, Any]:
    """`site` of the user settings of whoever runs the tests; the tests' own settings lie elsewhere."""
    path = _OWN_CONFIG / "toolkit" / "settings.yaml"
    known = YAML(typ="safe").load(path.read_text(encoding="utf-8")) if path.is_file() else None
    return dict((known or {}).get("site") or {})


def package_hosts() -> list[str]:
    """The hosts that this machine's package clients use."""
    return [host for hosts in own_site().get("registries", {}).values() for host in hosts]


# Read before any test sets XDG_CONFIG_HOME for itself.
_OWN_CONFIG = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
