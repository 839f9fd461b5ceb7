"""The files of a gateway that is there already."""

from __future__ import annotations

import io
import tarfile
import time
from typing import TYPE_CHECKING

from toolkit.errors import EngineError, ToolkitError
from toolkit.sessions import gateway_health
from toolkit.sessions.gateway_plan import FOLDER, PORT, packed
from toolkit.sessions.plan import CA_BUNDLE, GATEWAY_CA, RUNNER
from toolkit.sessions.records import read_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from toolkit.engines.base import Engine, EngineContainer
    from toolkit.model.gateway import GatewayFile

_STOP_SECONDS = 5
_CA_ATTEMPTS = 200
_CA_PAUSE = 0.05
_TRUST_SECONDS = 60.0
_LISTEN_SECONDS = 30
# A look at the kernel's table (proc(5), net/tcp: port in hexadecimal, state 0A) instead of a connection, which the
# gateway would take for the session's.
_LISTENS = f"""i=0
until grep -q ':{PORT:04X} 00000000:0000 0A' /proc/net/tcp; do
    i=$((i + 1)); [ "$i" -lt {_LISTEN_SECONDS * 20} ] || exit 1
    sleep 0.05
done"""


def replace(engine: Engine, gateway: EngineContainer, files: Sequence[GatewayFile], *, restart: bool) -> None:
    """Put the files in the place of those of the same names; `restart` ends every tunnel and has them read.

    Raises EngineError where the gateway does not come up with them; the session has no network then.
    """
    engine.put_archive(gateway.id, FOLDER, packed(files))
    if restart:
        engine.stop_container(gateway.id, seconds=_STOP_SECONDS)
        engine.start_container(gateway.id)
        _wait_until_it_listens(engine, gateway)


def _wait_until_it_listens(engine: Engine, gateway: EngineContainer) -> None:
    done = engine.execute(gateway.id, ("sh", "-c", _LISTENS), environment={}, timeout=_LISTEN_SECONDS * 2)
    if done.exit_code:
        raise EngineError(
            f"{gateway.name} does not listen {_LISTEN_SECONDS} s after its start",
            hint=f"'docker logs {gateway.name}' says why; until it does, its session has no network",
        )


def ca_of(engine: Engine, gateway: str) -> bytes:
    """The CA that the gateway makes for itself at its first start, certificate alone.

    Raises EngineError with the code `gateway-ca` where there is none, or `gateway` where it is no gateway at all.
    """
    for _ in range(_CA_ATTEMPTS):
        try:
            return read_file(engine, gateway, f"{FOLDER}/state/ca.pem")
        except ToolkitError:
            time.sleep(_CA_PAUSE)
    hint = "'docker logs' of its container says why"
    if _refuses(engine, gateway):
        raise EngineError("the gateway made no CA of its own", hint=hint, code="gateway-ca")
    raise EngineError("the gateway does not refuse what it must, and made no CA of its own", hint=hint, code="gateway")


def _refuses(engine: Engine, gateway: str) -> bool:
    about = engine.container(gateway)
    if about is None or about.status != "running":
        return False
    try:
        return gateway_health.look(engine, about).refuses
    except EngineError:  # what a gateway of ours is asked with is not even there
        return False


def make_trusted(engine: Engine, gateway: EngineContainer, session: EngineContainer) -> None:
    """Have a running session trust its gateway's CA: its hosts have only now got secrets."""
    content = ca_of(engine, gateway.id)
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as tar:
        entry = tarfile.TarInfo(GATEWAY_CA.lstrip("/"))
        entry.size, entry.mode = len(content), 0o644
        tar.addfile(entry, io.BytesIO(content))
    engine.put_archive(session.id, "/", whole.getvalue())
    command = ("python3", "-I", RUNNER, "trust", GATEWAY_CA, CA_BUNDLE)
    done = engine.execute(session.id, command, environment={}, timeout=_TRUST_SECONDS)
    if done.exit_code:
        raise EngineError(f"the session does not trust its gateway: {done.stderr.decode(errors='replace').strip()}")
