"""The default list that ships with the product."""

from __future__ import annotations

import hashlib
import json

from toolkit import preset
from toolkit.declare import domains
from toolkit.declare.preset import PRESET_VERSION

_PUBLISHED = {"2026.08": "e38e9aec766b8057a12edebae7b38fdc9fcd36a5eec4ec8be958151ff910693f"}
"""Version → what it was when it came out: a changed list needs a new version, for revisions carry the version alone."""


def test_a_version_never_changes() -> None:
    known = preset.load()
    content = json.dumps(known.groups, separators=(",", ":")).encode()
    assert _PUBLISHED[known.version] == hashlib.sha256(content).hexdigest()


def test_revisions_carry_the_version_of_the_list() -> None:
    assert preset.load().version == PRESET_VERSION


def test_every_name_is_a_domain_in_its_one_spelling_and_stands_once() -> None:
    names = [name for _, group in preset.load().groups for name in group]
    assert len(preset.load().groups) == 17
    assert len(names) == len(set(names)) == 177
    assert [(name, domains.fault_of(name)) for name in names if domains.fault_of(name)] == []
    assert [name for name in names if name != domains.normal(name) or domains.is_special_use(name)] == []
