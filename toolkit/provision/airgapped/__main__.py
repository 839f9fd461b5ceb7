"""The plugin's process: prints its port, then answers until Pulumi ends it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import grpc
from pulumi.provider.experimental.server import ProviderServicer
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2_grpc

from toolkit.provision.airgapped import VERSION
from toolkit.provision.airgapped.image import ImageError
from toolkit.provision.airgapped.provider import AirgappedDocker, Tone

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_LIMIT = 400 * 1024 * 1024  # bytes; Pulumi's own for its messages
_ORPHAN_SECONDS = 2.0
_OPTIONS = [("grpc.max_receive_message_length", _LIMIT), ("grpc.max_send_message_length", _LIMIT)]


class _Servicer(ProviderServicer):
    """Pulumi's, with our errors told as plain text: unhandled ones would reach the user with a Python class name."""

    async def Invoke(self, request: Any, context: Any) -> Any:  # noqa: N802 -- the protocol's names
        return await _told(super().Invoke, request, context)

    async def Check(self, request: Any, context: Any) -> Any:  # noqa: N802
        return await _told(super().Check, request, context)

    async def Create(self, request: Any, context: Any) -> Any:  # noqa: N802
        return await _told(super().Create, request, context)

    async def Update(self, request: Any, context: Any) -> Any:  # noqa: N802
        return await _told(super().Update, request, context)

    async def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802
        return await _told(super().Delete, request, context)

    async def Read(self, request: Any, context: Any) -> Any:  # noqa: N802
        return await _told(super().Read, request, context)


async def _told(call: Callable[[Any, Any], Awaitable[Any]], request: Any, context: Any) -> Any:
    try:
        return await call(request, context)
    except ImageError as error:
        await context.abort(grpc.StatusCode.UNKNOWN, str(error))


def _reporter(engine_address: str) -> Callable[[str, str, Tone], None]:
    channel = grpc.insecure_channel(engine_address, options=_OPTIONS)
    engine = engine_pb2_grpc.EngineStub(channel)

    def report(urn: str, text: str, tone: Tone) -> None:
        severity = engine_pb2.WARNING if tone is Tone.WARNING else engine_pb2.INFO
        passing = tone is Tone.PASSING
        with suppress(grpc.RpcError):  # the news is lost, the build goes on
            engine.Log(engine_pb2.LogRequest(severity=severity, message=text, urn=urn, ephemeral=passing), timeout=10)

    return report


async def _serve(engine_address: str) -> None:
    server = grpc.aio.server(options=_OPTIONS)
    provider = AirgappedDocker(_reporter(engine_address))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(
        _Servicer(sys.argv[1:], VERSION, provider, engine_address=engine_address), server
    )
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    # Left to Python, a signal that another thread gets would wait until the loop has something to do.
    interrupted = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, interrupted.set)
    ends = (_until_orphaned(os.getppid()), server.wait_for_termination(), interrupted.wait())
    await asyncio.wait([asyncio.create_task(one) for one in ends], return_when=asyncio.FIRST_COMPLETED)
    # Without waiting for a build's thread: its connection closes, and the engine gives it up.
    os._exit(0)


async def _until_orphaned(parent: int) -> None:
    """A killed Pulumi cannot end its plugins: without this the build would go on, and the process stay for ever."""
    while os.getppid() == parent:  # noqa: ASYNC110 -- there is no event to wait for
        await asyncio.sleep(_ORPHAN_SECONDS)


if __name__ == "__main__":
    addresses = [word for word in sys.argv[1:] if not word.startswith("-")]
    if not addresses:
        sys.exit("this is a Pulumi plugin: Pulumi starts it")
    asyncio.run(_serve(addresses[0]))
