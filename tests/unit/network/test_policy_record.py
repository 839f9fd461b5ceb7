from __future__ import annotations

import pytest

from toolkit import preset
from toolkit.model.environment import Access, NetworkSpec
from toolkit.network import policy_record
from toolkit.network.policy import compile_policy


@pytest.mark.parametrize("level", list(Access))
def test_a_policy_reads_back_as_it_was(level: Access) -> None:
    network = NetworkSpec(access=level, deny=("*.evil.example.com",))
    policy = compile_policy(network, path="envs/x.yaml", places={}, preset=preset.load(), registries=())
    again = policy_record.read(policy_record.written(policy))
    assert again == policy
    assert again.sha256 == policy.sha256


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"level": "open"}', b'{"level": "none", "rules": [[]]}'])
def test_what_is_no_policy_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"policy|JSON|Expecting|Access|unpack"):
        policy_record.read(content)
