"""What happens before the first turn, and again when a session resumes: network, checkout, hooks."""

from __future__ import annotations

import contextlib
import os
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from . import beyond, hook_files, hooks, isolation, repository, resolver, trust, variables

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    Say = Callable[..., None]

CONTEXT = "context.md"
_TOOLS = "/usr/local/bin/check-tools"


class PreparationError(Exception):
    """The session cannot begin; the text says why."""


def open_doors(
    order: Mapping[str, Any], *, resumed: bool, wanting: Callable[[Mapping[str, str]], str], say: Say
) -> None:
    """The network as it must be, and the working tree filled; raises PreparationError before anything foreign ran.

    `wanting` says for a set of variables what the agent lacks. That is asked at the first start alone: later on the
    session's disk is worth more than its next turn.
    """
    if order.get("resolver"):
        resolver.silence()
    fetching = None if resumed else _beside(_check_out, order)  # waiting for silence costs time in which git can work
    found = isolation.faults(order)
    if found:  # what git waits for then comes never
        raise PreparationError(f"the network is not as it must be: {'; '.join(found)}")
    if order.get("trust"):
        trust.add(*order["trust"])
    lacking = "" if resumed else wanting(os.environ)
    if lacking:
        raise PreparationError(lacking)
    say("network-checked")
    if resumed:
        repository.forget_locks(order["project_dir"])
    if fetching is not None:
        fetching.result()
        for one in beyond.look(order["project_dir"]):
            say("not-fetched", **one.fields())
    _offer_tools()


def _beside(work: Callable[[Mapping[str, Any]], None], order: Mapping[str, Any]) -> Future[None]:
    """In a thread that nobody has to wait for, unlike an executor's."""
    done: Future[None] = Future()

    def run() -> None:
        try:
            work(order)
        except BaseException as error:  # noqa: BLE001 -- it belongs to the thread that waits
            done.set_exception(error)
        else:
            done.set_result(None)

    threading.Thread(target=run, daemon=True).start()
    return done


def call_hooks(
    order: Mapping[str, Any], folder: Path, *, resumed: bool, of_repository: bool, ending: threading.Event, say: Say
) -> list[hooks.Outcome]:
    """Run the hooks of this start and keep what they set and said; each end is told as it comes."""
    source = "resume" if resumed else "startup"
    called = hook_files.of_environment(order.get("hooks", ()), source)
    if of_repository:
        try:
            called += hook_files.of_repository(order["project_dir"], source)
        except ValueError as error:
            say("hook-finished", origin="repository", command=hook_files.SETTINGS, exit_code=None, message=str(error))
    occasion = hooks.Occasion(
        cwd=order["project_dir"],
        environment={**os.environ, "TOOLKIT_CONTEXT_FILE": str(folder / CONTEXT)},
        told={
            "session_id": order["id"],
            "transcript_path": str(folder / "transcript.jsonl"),
            "cwd": order["project_dir"],
            "hook_event_name": hook_files.EVENT,
            "source": source,
        },
        variables=folder / "variables",
        ending=ending,
    )
    outcomes = hooks.run(hook_files.once(called), occasion, lambda one: _tell(one, say)) if called else []
    _keep_variables(folder, say)
    _keep_context(folder, [str(order.get("context", "")), *(one.context for one in outcomes)])
    return outcomes


def context_of(folder: Path) -> str:
    try:
        return (folder / CONTEXT).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _tell(outcome: hooks.Outcome, say: Say) -> None:
    say(
        "hook-finished",
        origin=outcome.hook.origin,
        command=outcome.hook.command,
        exit_code=outcome.exit_code,
        seconds=outcome.seconds,
        message=outcome.message,
        context=outcome.context,
        log=outcome.log,
        **({"title": outcome.title} if outcome.title else {}),
    )


def _keep_variables(folder: Path, say: Say) -> None:
    """Those of earlier starts hold on; a file that bash cannot read is told and left out."""
    kept: dict[str, str] = {}
    files = sorted((folder / "variables").glob("*.sh")) if (folder / "variables").is_dir() else []
    for one in files:
        try:
            kept.update(variables.read([one], {**os.environ, **kept}))
        except ValueError as error:
            say("hook-finished", origin="", command="TOOLKIT_ENV_FILE", exit_code=None, message=str(error))
    variables.keep(folder, kept)


def _keep_context(folder: Path, texts: list[str]) -> None:
    with contextlib.suppress(OSError):
        (folder / CONTEXT).write_text("\n\n".join(filter(None, texts)), encoding="utf-8")


def _offer_tools() -> None:
    """`check-tools` on everybody's PATH."""
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "check-tools")
    with contextlib.suppress(OSError):
        if source.startswith("/opt/toolkit/") and not os.path.lexists(_TOOLS):
            os.makedirs(os.path.dirname(_TOOLS), exist_ok=True)
            os.symlink(source, _TOOLS)


def _check_out(order: Mapping[str, Any]) -> None:
    if not order.get("repository"):
        return
    try:
        repository.check_out(order["repository"], order["project_dir"], order["id"])
    except repository.RepositoryError as error:
        raise PreparationError(str(error)) from error
