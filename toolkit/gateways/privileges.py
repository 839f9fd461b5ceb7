"""From root with a few capabilities to a plain user with none, for good."""

from __future__ import annotations

import ctypes
import os

_PR_CAPBSET_DROP = 24
_LAST_CAPABILITY = 40
_CAPABILITY_VERSION_3 = 0x20080522


def drop(user: int) -> None:
    """Become `user` (the id of its group too), and let nothing that is started later gain anything.

    The container runs with no-new-privileges, so no program can bring capabilities back; the bounding set goes as
    well, in case a gateway is ever started without that.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    for number in range(_LAST_CAPABILITY + 1):
        libc.prctl(_PR_CAPBSET_DROP, number, 0, 0, 0)  # one that this kernel does not know is refused: fine
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    _empty_sets(libc)  # a change of user does that by itself, but for root
    with open("/proc/self/status", encoding="ascii") as status:
        left = [line.split()[1] for line in status if line.startswith(("CapEff", "CapPrm"))]
    if any(int(one, 16) for one in left):
        raise OSError("capabilities are left after they were dropped")


def _empty_sets(libc: ctypes.CDLL) -> None:
    """capset(2) with nothing in any set: two words each for effective, permitted and inheritable."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    if libc.capset(header, nothing):
        raise OSError(ctypes.get_errno(), "capset failed")
