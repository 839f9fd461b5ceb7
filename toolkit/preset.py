"""The default network list that ships with the product: what `trusted` means, and what `include_defaults` adds.

`*.x` in it is every name below x at any depth, never x itself. Package registries are not in it: those are the site's
own, found by `toolkit setup`. A changed list takes a new version, for the version stands for it in every revision.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from toolkit.model.policy import Preset

_FILE = Path(__file__).with_name("default-domains.json")  # JSON: quick verbs read it at every start


@cache
def load() -> Preset:
    """The list of this release."""
    content = json.loads(_FILE.read_text(encoding="utf-8"))
    return Preset(
        version=content["version"],
        groups=tuple((group, tuple(names)) for group, names in content["groups"].items()),
    )
