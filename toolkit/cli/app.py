"""The verbs, each loaded only when it is asked for."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

import typer
from typer import _completion_shared as typer_completion
from typer.core import TyperGroup

from toolkit.cli.invocation import GLOBAL_OPTIONS, IN_FULL

if TYPE_CHECKING:
    import click

VERBS = {
    "init": "toolkit.cli.init",
    "setup": "toolkit.cli.setup",
    "validate": "toolkit.cli.validate",
    "env": "toolkit.cli.env",
    "network": "toolkit.cli.network",
    "remote-env": "toolkit.cli.remote_env",
    "preview": "toolkit.cli.provision",
    "up": "toolkit.cli.provision",
    "drift": "toolkit.cli.provision",
    "destroy": "toolkit.cli.provision",
    "lock": "toolkit.cli.lock",
    "reconcile": "toolkit.cli.reconcile",
    "images": "toolkit.cli.images",
    "prebuild": "toolkit.cli.snapshots",
    "cache": "toolkit.cli.snapshots",
    "remote": "toolkit.cli.remote",
    "cloud": "toolkit.cli.remote",
    "console": "toolkit.cli.console",
    "tasks": "toolkit.cli.sessions",
    "logs": "toolkit.cli.sessions",
    "audit": "toolkit.cli.audit",
    "wait": "toolkit.cli.sessions",
    "attach": "toolkit.cli.sessions",
    "exec": "toolkit.cli.sessions",
    "send": "toolkit.cli.sessions",
    "cp": "toolkit.cli.sessions",
    "stop": "toolkit.cli.sessions",
    "resume": "toolkit.cli.sessions",
    "archive": "toolkit.cli.sessions",
    "rm": "toolkit.cli.sessions",
    "teleport": "toolkit.cli.teleport",
    "tp": "toolkit.cli.teleport",
    "diff": "toolkit.cli.session_changes",
    "pr": "toolkit.cli.session_changes",
    "verify": "toolkit.cli.verify",
    "doctor": "toolkit.cli.doctor",
    "env-vars": "toolkit.cli.env_vars",
    "man-pages": "toolkit.cli.man_pages",
}
"""Verb → the module whose `app` has it as a command (or is the group of that name)."""

_ZSH = typer_completion.COMPLETION_SCRIPT_ZSH.replace(
    "compdef %(complete_func)s %(prog_name)s",
    'if [[ $funcstack[1] == _%(prog_name)s ]]; then %(complete_func)s "$@"; '
    "else compdef %(complete_func)s %(prog_name)s; fi",
)
# zsh loads the script when the first Tab is pressed: typer's then only defines the function, and completes nothing.
typer_completion._completion_scripts["zsh"] = _ZSH  # noqa: SLF001

_GROUPS = frozenset({"env", "network", "images"})
_HIDDEN = frozenset({"cloud", "tp"})

_SECTIONS = {
    "Declare": ("init", "setup", "validate", "env", "network", "remote-env"),
    "Build": ("preview", "up", "drift", "destroy", "reconcile", "lock", "images", "prebuild", "cache", "verify"),
    "Sessions": ("remote", "console", "tasks", "logs", "attach", "send", "wait", "exec", "cp", "audit"),
    "Bring home": ("diff", "pr", "teleport"),
    "End": ("stop", "resume", "archive", "rm"),
}
_GLOBAL_OPTIONS = {**GLOBAL_OPTIONS, "--version": "Show the version and exit."}
_OTHERS = "Look after it"
_WHOLE = 200


class Interrupted(BaseException):
    """Ctrl-C, by a name that typer does not know: it would make a silent exit code of a KeyboardInterrupt."""


class LazyVerbs(TyperGroup):
    """A group that imports a verb's module on first use; `--help` imports them all, which stays cheap."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click's signature
        return list(VERBS)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise Interrupted from error

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = VERBS.get(cmd_name)
        if module is None:
            return None
        loaded = _loaded(module)
        if cmd_name in _GROUPS:
            loaded.name = cmd_name
            return loaded
        found = loaded.get_command(ctx, cmd_name) if isinstance(loaded, TyperGroup) else loaded
        if found is not None and cmd_name in _HIDDEN:
            found.hidden = True
        return found

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Global options, before or after the verb"):
            formatter.write_dl([(IN_FULL.get(name, name), text) for name, text in _GLOBAL_OPTIONS.items()])
        super().format_options(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """By what one is about to do, each with its whole first sentence."""
        known = {
            name: one for name in self.list_commands(ctx) if (one := self.get_command(ctx, name)) and not one.hidden
        }
        named = [name for names in _SECTIONS.values() for name in names]
        others = tuple(name for name in known if name not in named)
        for title, names in {**_SECTIONS, _OTHERS: others}.items():
            rows = [(name, known[name].get_short_help_str(_WHOLE)) for name in names if name in known]
            with formatter.section(title):
                formatter.write_dl(rows)


@cache
def _loaded(module: str) -> click.Command:
    """The commands of a module, made once: several verbs come from one."""
    return typer.main.get_command(import_module(module).app)


app = typer.Typer(
    cls=LazyVerbs,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def verbs() -> typer.Typer:
    """The app of a verbs' module: every command is registered by name, a single one too."""
    made = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)

    @made.callback()
    def _always_a_group() -> None: ...

    return made


@app.callback()
def toolkit() -> None:
    """Declared environments and isolated coding-agent sessions on your own container engine.

    Start here: toolkit setup, toolkit up, toolkit remote-env NAME, toolkit remote "TASK".
    """


def command() -> click.Command:
    """The whole command tree as click runs it."""
    return typer.main.get_command(app)
