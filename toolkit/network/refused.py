"""Networks that no name may lead to: this machine, private and link-local ranges, and IPv6 forms that hold IPv4 ones.

From IANA's special-purpose address registries. The documentation ranges (TEST-NET) count as public: a closed network
may map its package hosts there. The IPv4-mapped range is left out, since Squid keeps every IPv4 address in that form.
"""

from __future__ import annotations

REFUSED_IPV4 = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/4",
    "240.0.0.0/4",
)
REFUSED_IPV6 = (
    "::/96",  # the unspecified address, loopback, and IPv4-compatible addresses
    "64:ff9b::/96",  # NAT64
    "64:ff9b:1::/48",
    "100::/64",  # discard only
    "2001::/23",  # protocol assignments, Teredo among them
    "2001:db8::/32",
    "2002::/16",  # 6to4
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
)
