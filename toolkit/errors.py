"""Every failure that we expect, as one family of exceptions."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from toolkit.diagnostics import Diagnostic


class ToolkitError(Exception):
    """What went wrong, where, and what to do next; the CLI shows it and exits 1.

    `code` is the stable word that `--json` carries; `hint` is one sentence or command that mends it.
    """

    code = "failed"

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        diagnostics: Sequence[Diagnostic] = (),
        code: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.diagnostics = tuple(diagnostics)
        if code:
            self.code = code


class NotFoundError(ToolkitError):
    """A name that does not exist; the hint says what does."""

    code = "not-found"


def unwritable(path: object, error: OSError) -> ToolkitError:
    """What is said where files of this machine cannot be written."""
    reason = error.strerror or error
    return ToolkitError(f"cannot write {path}: {reason}", hint="check the folder's owner, mode and free space")


class UsageError(ToolkitError):
    """The command line itself is wrong: exit 2."""

    code = "usage"


class InvalidError(ToolkitError):
    """Files that do not pass their checks; carries every diagnostic."""

    code = "invalid"


class EngineError(ToolkitError):
    """The container engine is missing, refused or failed."""

    code = "engine"
