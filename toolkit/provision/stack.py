"""One Pulumi stack, driven through the Automation API on the same program that plain `pulumi up` runs.

Imports Pulumi, which takes a while: import this module only where a stack is really needed.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulumi import automation
from pulumi.automation import errors as refusals
from semver import VersionInfo

from toolkit import process
from toolkit.errors import ToolkitError
from toolkit.model.event import Event, Phase
from toolkit.provision import locks, pulumi_variables, recorded
from toolkit.provision.deployment import Deployment, tail
from toolkit.provision.recorded import IMAGE_TYPE, Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from toolkit.model.event import OnEvent
    from toolkit.model.image import Change
    from toolkit.provision.place import StackPlace
    from toolkit.provision.pulumi_source import PulumiProgram

_UPDATE_SECONDS = 4 * 3600.0
_AT_LEAST = 4
"""Steps at once on a small machine: a build waits for downloads more than for the processor."""


class Stack:
    """Open with `Stack.open`; every call reports progress through `on_event` and raises ToolkitError."""

    def __init__(self, place: StackPlace, stack: automation.Stack, on_event: OnEvent) -> None:
        self._place = place
        self._stack = stack
        self._on_event = on_event

    @classmethod
    def open(cls, place: StackPlace, program: PulumiProgram, on_event: OnEvent) -> Stack:
        """Make or select the stack; locks that dead processes left are removed first."""
        pulumi_variables.prepare_backend(place.root)
        locks.settle(place, on_event)
        workspace = automation.LocalWorkspace(
            work_dir=str(place.folder),
            pulumi_command=_Command(program, on_event),
            env_vars={
                **pulumi_variables.variables(place.root, program=program.path),
                # `toolkit setup` installs the plugin; a closed network would otherwise be tried again and again
                "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
                locks.CLIENT_VARIABLE: locks.identity(os.getpid()),
            },
        )
        with _explained(place, Deployment(on_event)):
            if _recorded(place) is None:
                automation.Stack.create_or_select(place.name, workspace)
        return cls(place, _Terse(place.name, workspace), on_event)

    def record(self) -> Record:
        """The stack's record, whichever backend has it."""
        known = _recorded(self._place)
        if known is not None:
            return known
        with _explained(self._place, Deployment(self._on_event)):
            exported = self._stack.export_stack()
        return recorded.of_deployment(exported.deployment or {})

    def add_variables(self, variables: Mapping[str, str]) -> None:
        """For Pulumi and its program, from the next call on."""
        workspace = self._stack.workspace
        workspace.env_vars = {**workspace.env_vars, **variables}

    def preview(self, names: Sequence[str] = ()) -> tuple[Change, ...]:
        """What `up` would do, image by image, those that stay the same among them."""
        deployment = Deployment(self._on_event, quiet=True)
        with _explained(self._place, deployment):
            self._stack.preview(target=self._urns(names), on_event=deployment.take, color="never")
        return deployment.changes(names)

    def up(self, names: Sequence[str] = ()) -> tuple[Change, ...]:
        """Make the engine's images what the environments ask for; what an interrupted run left is put right first."""
        self._repair()
        deployment = Deployment(self._on_event)
        with _explained(self._place, deployment):
            self._stack.up(
                target=self._urns(names),
                on_event=deployment.take,
                color="never",
                show_secrets=False,
                continue_on_error=True,
                parallel=max(_AT_LEAST, os.cpu_count() or 1),
            )
        return deployment.changes(names)

    def destroy(self, names: Sequence[str] = ()) -> tuple[Change, ...]:
        """Forget the images, and remove them where the plugin does."""
        self._repair()
        deployment = Deployment(self._on_event)
        with _explained(self._place, deployment):
            self._stack.destroy(target=self._urns(names), on_event=deployment.take, color="never", show_secrets=False)
        return deployment.changes(names)

    def _urns(self, names: Sequence[str]) -> list[str] | None:
        place = self._place
        stack = place.name.rpartition("/")[2]
        return [f"urn:pulumi:{stack}::{place.project}::{IMAGE_TYPE}::{name}" for name in names] or None

    def _repair(self) -> None:
        """An update that was killed leaves operations of unknown end in the record; a refresh settles them."""
        record = _recorded(self._place)
        if record is None or not record.interrupted:
            return
        deployment = Deployment(self._on_event, quiet=True)
        with _explained(self._place, deployment):
            self._stack.refresh(on_event=deployment.take, clear_pending_creates=True, color="never", show_secrets=False)


class _Terse(automation.Stack):
    """A stack that is there, without what the Automation API asks for before and after each update.

    That is three to four starts of the CLI, half a second each, for what nobody here reads.
    """

    def __init__(self, name: str, workspace: automation.Workspace) -> None:
        # not the parent's, which starts the CLI to select the stack: each call names it
        self.name = name
        self.workspace = workspace

    def outputs(self) -> automation.OutputMap:
        """None: images are found by their labels."""
        return {}

    def info(self, show_secrets: bool | None = None) -> automation.UpdateSummary:  # noqa: FBT001 -- the API's
        """Nothing but that there was an update: what it did is told by its events."""
        del show_secrets
        now = dt.datetime.now(dt.UTC)
        return automation.UpdateSummary("update", now, "", environment={}, config={}, result="succeeded")


class _Command(automation.PulumiCommand):
    """The CLI in a process group of its own: Ctrl-C at the terminal reaches it once, and through us."""

    def __init__(self, program: PulumiProgram, on_event: OnEvent) -> None:
        # not the parent's, which would start the CLI once more only to ask for its version
        self.command = str(program.path)
        self.version = VersionInfo.parse(program.version)
        self._on_event = on_event

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: Any = None,
        on_error: Any = None,
    ) -> automation.CommandResult:
        del on_output, on_error  # what is to be seen comes as events
        done = process.run(
            (self.command, "--non-interactive", *args),
            cwd=Path(cwd),
            env={**additional_env, "PULUMI_AUTOMATION_API": "true"},
            timeout=_UPDATE_SECONDS,
            check=False,
            on_line=lambda _line: None,
            interrupt_seconds=locks.ENDING_SECONDS,
            on_interrupt=self._say_that_it_ends,
        )
        if done.returncode < 0:
            raise ToolkitError(
                f"Pulumi was ended by signal {-done.returncode}",
                hint="run 'toolkit up' again: it puts right what was left half-done",
                code="killed",
            )
        result = automation.CommandResult(stdout=done.stdout, stderr=done.stderr, code=done.returncode)
        if done.returncode:
            raise refusals.create_command_error(result)
        return result

    def _say_that_it_ends(self) -> None:
        text = "interrupted: Pulumi ends what it has begun (Ctrl-C again ends it at once)"
        self._on_event(Event(step="interrupt", phase=Phase.NOTE, text=text))


def _recorded(place: StackPlace) -> Record | None:
    """What can be read without Pulumi."""
    backend = place.backend
    return recorded.read(backend, project=place.project, stack=place.name) if backend else None


@contextmanager
def _explained(place: StackPlace, deployment: Deployment) -> Iterator[None]:
    """Turn Pulumi's failures into ours: whose lock, which build broke and how, which passphrase."""
    try:
        yield
    except refusals.ConcurrentUpdateError as error:
        raise _locked(place, error) from error
    except refusals.CommandError as error:
        raise _failure(place, deployment, str(error)) from error
    deployment.check()


def _locked(place: StackPlace, error: Exception) -> ToolkitError:
    holders = locks.locks(place)
    who = ", ".join(map(str, holders)) or _holder_in(str(error))
    hint = "wait until that is done and try again"
    if not holders or not all(one.is_here for one in holders):
        hint += "; if that machine is gone: 'toolkit env-vars' and 'pulumi cancel' give the lock back"
    return ToolkitError(f"stack '{place.name}' is being changed by {who}", hint=hint, code="locked")


def _holder_in(text: str) -> str:
    found = re.search(r"created by (\S+) \(pid (\d+)\)", text)
    return f"process {found[2]} of {found[1]}" if found else "somebody else"


def _failure(place: StackPlace, deployment: Deployment, output: str) -> ToolkitError:
    if "incorrect passphrase" in output:
        return ToolkitError(
            f"stack '{place.name}' was made with another passphrase",
            hint="set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE to that one",
            code="passphrase",
        )
    if "no resource plugin" in output:
        return ToolkitError("Pulumi's docker plugin is not installed", hint="run 'toolkit setup'", code="no-plugin")
    return deployment.failure() or ToolkitError(f"Pulumi failed:\n{tail(output)}", code="pulumi")
