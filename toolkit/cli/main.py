"""The command line's front door: global options, the lazy verbs, the only error boundary and exit-code table."""

from __future__ import annotations

import errno
import gc
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import click

    from toolkit.cli.invocation import GlobalOptions, Invocation
    from toolkit.console import Console

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_BUG = 3
EXIT_CHANGES = 4
EXIT_INTERRUPTED = 130

_COMPLETION = "_TOOLKIT_COMPLETE"
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
"""A disk or a quota that is used up may meet any write, and is nobody's bug."""


def run() -> None:
    """Entry point of the `toolkit` program."""
    # Most commands end before there is anything to collect: looking for it takes a tenth of their time, and as much
    # again at the end, where all that was imported would be gone through once more.
    gc.set_threshold(50_000, 20, 100)
    try:
        code = main(sys.argv[1:])
    except KeyboardInterrupt:  # before there is a console
        sys.stderr.write("interrupted\n")
        code = EXIT_INTERRUPTED
    gc.freeze()
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def main(argv: Sequence[str]) -> int:
    """Run one command line and return its exit code; nothing below raises past here."""
    if list(argv) == ["--version"]:  # before all imports: this is what scripts and prompts call most
        return _show_version()
    if _COMPLETION in os.environ:
        return _complete(argv)
    return _main(argv)


def _main(argv: Sequence[str]) -> int:
    from toolkit.cli.invocation import split_global_options
    from toolkit.console import Console
    from toolkit.errors import UsageError

    try:
        options, rest = split_global_options(argv)
    except UsageError as error:
        Console().error(error.message)
        return EXIT_USAGE
    if rest == ["--version"]:
        return _show_version()
    console = Console(as_json=options.as_json, quiet=options.quiet, verbose=options.verbose, no_color=options.no_color)
    return guarded(console, rest, lambda: _dispatch(options, rest, console))


def _complete(argv: Sequence[str]) -> int:
    """Answer the completion script of a shell, which shows nobody what goes wrong."""
    from toolkit.cli.completion import answer

    found = answer(os.environ)
    if found is None:
        return _main(argv)
    text, code = found
    sys.stdout.write(f"{text}\n" if text else "")
    return code


def _show_version() -> int:
    from toolkit import __version__

    sys.stdout.write(f"toolkit {__version__}\n")
    return EXIT_OK


def guarded(console: Console, rest: Sequence[str], work: Callable[[], int]) -> int:
    """The exit code of `work`, which carries out `rest`; what goes wrong is told, and is the exit code."""
    from toolkit.errors import ToolkitError, UsageError

    try:
        return work()
    except UsageError as error:
        _report(console, error)
        return EXIT_USAGE
    except ToolkitError as error:
        _report(console, error)
        return EXIT_FAILED
    except KeyboardInterrupt:
        if console.as_json:
            console.document({"error": {"code": "interrupted", "message": "interrupted", "hint": "", "problems": []}})
        console.note("interrupted")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OK
    except Exception as error:  # noqa: BLE001 -- the boundary: what nobody expected becomes a report
        return _unexpected(console, error, rest)


def _unexpected(console: Console, error: Exception, rest: Sequence[str]) -> int:
    from toolkit.cli.bugreport import redact, write_report
    from toolkit.errors import ToolkitError

    if isinstance(error, OSError) and error.errno in _FULL:
        place = f": {error.filename}" if error.filename else ""
        _report(console, ToolkitError(f"{error.strerror}{place}", hint="make room, then try again", code="full"))
        return EXIT_FAILED
    path = write_report(error, [*rest])
    console.error(
        f"this is a bug in toolkit: {type(error).__name__}: {redact(str(error))}",
        hint=f"the report is in {path}; please send it to the maintainers",
    )
    if console.as_json:
        console.document({"error": {"code": "bug", "message": redact(str(error)), "hint": str(path), "problems": []}})
    return EXIT_BUG


def _dispatch(options: GlobalOptions, rest: list[str], console: Console) -> int:
    from toolkit.cli.invocation import Invocation
    from toolkit.cli.quick import known_help, plain_verb

    invocation = Invocation(console=console, explicit_root=options.root)
    quick = plain_verb(rest) or known_help(rest)
    code = quick(invocation) if quick else None
    return through_the_tree(invocation, rest) if code is None else code


def through_the_tree(invocation: Invocation, rest: list[str]) -> int:
    """Run the verb that these words (global options taken out) name; its exit code."""
    import click

    from toolkit.cli.app import Interrupted, command
    from toolkit.cli.quick import asks_for_help
    from toolkit.errors import UsageError

    try:
        if asks_for_help(rest):
            return _keeping_help(command(), rest)
        result = command().main(args=rest, prog_name="toolkit", standalone_mode=False, obj=invocation)
    except click.exceptions.NoArgsIsHelpError as error:
        sys.stderr.write(error.format_message() + "\n")
        return EXIT_USAGE
    except (click.exceptions.Abort, Interrupted) as error:
        raise KeyboardInterrupt from error
    except click.ClickException as error:
        path = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "toolkit"
        raise UsageError(error.format_message(), hint=f"{_meant(rest, error)}{path} --help") from error
    return result if isinstance(result, int) else EXIT_OK


def _keeping_help(tree: click.Command, rest: list[str]) -> int:
    """Show it, and so that the next time it needs no tree."""
    from contextlib import redirect_stdout
    from io import StringIO

    from toolkit.cli.shape import keep_help

    with redirect_stdout(StringIO()) as said:
        tree.main(args=rest, prog_name="toolkit", standalone_mode=False)
    sys.stdout.write(said.getvalue())
    keep_help(rest[:-1], said.getvalue())
    return EXIT_OK


def _meant(rest: Sequence[str], error: Exception) -> str:
    """`did you mean 'tasks'? ` for a verb that does not exist."""
    from toolkit.cli.app import VERBS
    from toolkit.diagnostics import did_you_mean

    unknown = next((word for word in rest if not word.startswith("-")), "")
    if "No such command" not in str(error) or unknown in VERBS:
        return ""
    meant = did_you_mean(unknown, list(VERBS))
    return f"{meant} " if meant else ""


def _report(console: Console, error: Exception) -> None:
    from toolkit.errors import ToolkitError
    from toolkit.views.problems import problem_fields

    assert isinstance(error, ToolkitError)
    if console.as_json:
        console.document(
            {
                "error": {
                    "code": error.code,
                    "message": error.message,
                    "hint": error.hint,
                    "problems": [problem_fields(one) for one in error.diagnostics],
                }
            }
        )
        return
    console.error(error.message, hint=error.hint, diagnostics=error.diagnostics)
