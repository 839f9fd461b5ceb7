"""The catalogue: what is tried against the network of a session."""

from tests.e2e.network.attacks import addresses, names, past, requests, tunnels
from tests.e2e.network.attacks.model import Attack, Told, Try, trying

__all__ = ["ATTACKS", "Attack", "Told", "Try", "trying"]

ATTACKS: tuple[Attack, ...] = (
    *past.ATTACKS,
    *names.ATTACKS,
    *addresses.ATTACKS,
    *tunnels.ATTACKS,
    *requests.ATTACKS,
)
