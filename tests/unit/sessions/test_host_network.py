from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.sessions import host_network

if TYPE_CHECKING:
    from pathlib import Path

TRIE = """\
Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     |-- 192.0.2.2
        /32 host LOCAL
     |-- 192.0.2.255
        /32 link BROADCAST
     |-- 127.0.0.1
        /32 host LOCAL
"""


def test_own_addresses_without_loopback(tmp_path: Path) -> None:
    (tmp_path / "trie").write_text(TRIE)
    assert host_network.addresses(tmp_path / "trie") == ("192.0.2.2",)
    assert host_network.addresses(tmp_path / "missing") == ()


def test_resolvers_of_all_files_once_without_stubs(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("nameserver 127.0.0.53\nnameserver fe80::1\nsearch example.com\n")
    (tmp_path / "b").write_text("nameserver 192.0.2.53\nnameserver 192.0.2.53\n")
    assert host_network.resolvers((tmp_path / "a", tmp_path / "b", tmp_path / "c")) == ("192.0.2.53",)
