"""How a running gateway fares, seen from inside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from toolkit.errors import EngineError
from toolkit.model.gateway import PROBE_HOST
from toolkit.sessions.gateway_plan import PORT, WRITABLE

if TYPE_CHECKING:
    from toolkit.engines.base import Engine, EngineContainer

MANY_CONNECTIONS = 1_000
_SECONDS = 60.0  # with all processes and files taken, even a look takes its time
# proc(5), net/tcp: ports in hexadecimal, state 01 is established. A full tmpfs is at 100 % in df's rounded way.
_LOOK = f"""
df -P {" ".join(WRITABLE)} | awk '$5 == "100%" {{ print "full", $6 }}'
awk '$2 ~ /:{PORT:04X}$/ && $4 == "01" {{ n++ }} END {{ print "connections", n + 0 }}' /proc/net/tcp
at=$(awk '$2 ~ /:{PORT:04X}$/ && $4 == "0A" {{ split($2, part, ":"); print part[1]; exit }}' /proc/net/tcp)
[ -n "$at" ] || exit 0
at=$((0x${{at:6:2}})).$((0x${{at:4:2}})).$((0x${{at:2:2}})).$((0x${{at:0:2}}))
exec 3<>"/dev/tcp/$at/{PORT}" || exit 0
printf 'GET http://{PROBE_HOST}/ HTTP/1.0\\r\\n\\r\\n' >&3
read -r -t 10 _ status _ <&3 && echo answers "$status"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayHealth:
    """`refuses`: asked for what no level lets pass, it says no. `full`: places of its own without any room left.

    `connections`: how many are open to it now, asked for anything or not.
    """

    refuses: bool
    connections: int
    full: tuple[str, ...]

    @property
    def complaints(self) -> tuple[str, ...]:
        """In words, what is not as it should be."""
        found = [] if self.refuses else ["it does not answer as it must"]
        found += [f"{place} is full" for place in self.full]
        if self.connections >= MANY_CONNECTIONS:
            found.append(f"{self.connections} connections are open")
        return tuple(found)


def look(engine: Engine, gateway: EngineContainer) -> GatewayHealth:
    """Raises EngineError where nothing can be run in it."""
    done = engine.execute(gateway.id, ("bash", "-c", _LOOK), environment={"LC_ALL": "C"}, timeout=_SECONDS)
    if done.exit_code:
        raise EngineError(f"{gateway.name} cannot be looked at: {done.stderr.decode(errors='replace').strip()[-300:]}")
    return health(done.stdout.decode(errors="replace"))


def health(told: str) -> GatewayHealth:
    """What the look printed, a word and its value a line."""
    lines = [line.split() for line in told.splitlines()]
    pairs = [(words[0], words[1]) for words in lines if len(words) == 2]
    return GatewayHealth(
        refuses=("answers", "403") in pairs,
        connections=sum(int(value) for word, value in pairs if word == "connections" and value.isdigit()),
        full=tuple(value for word, value in pairs if word == "full"),
    )
