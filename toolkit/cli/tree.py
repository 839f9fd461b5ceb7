"""The command tree as a reader's book has it: every verb with its usage, texts, arguments and options."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import click

from toolkit.cli.app import command
from toolkit.cli.invocation import GLOBAL_OPTIONS, IN_FULL
from toolkit.model.manual import Entry, Verb

if TYPE_CHECKING:
    from collections.abc import Iterator

_PROGRAM = "toolkit"
_WIDE = 10_000


def tree() -> Verb:
    """The whole program; verbs in the order of `toolkit --help`, aliases and helpers of our own left out."""
    return _verb(command(), click.Context(command(), info_name=_PROGRAM, terminal_width=_WIDE))


def global_options() -> tuple[Entry, ...]:
    """Those that stand before or after every verb."""
    return tuple(Entry(name=IN_FULL.get(name, name), text=said) for name, said in GLOBAL_OPTIONS.items())


def _verb(one: click.Command, context: click.Context) -> Verb:
    parameters = [(each, each.get_help_record(context)) for each in one.get_params(context)]
    records = [(each, record) for each, record in parameters if record is not None]
    return Verb(
        words=context.command_path,
        summary=one.get_short_help_str(limit=_WIDE),
        text=inspect.cleandoc(one.help or ""),
        usage=_usage(one, context),
        arguments=tuple(_entry(record) for each, record in records if isinstance(each, click.Argument)),
        options=tuple(_entry(record) for each, record in records if isinstance(each, click.Option)),
        verbs=tuple(_verb(child, _below(context, child, name)) for name, child in _children(one, context)),
    )


def _children(one: click.Command, context: click.Context) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(one, click.Group):
        return
    for name in one.list_commands(context):
        child = one.get_command(context, name)
        if child is not None and not child.hidden:
            yield name, child


def _below(context: click.Context, child: click.Command, name: str) -> click.Context:
    return click.Context(child, info_name=name, parent=context, terminal_width=_WIDE)


def _usage(one: click.Command, context: click.Context) -> str:
    return " ".join([context.command_path, *one.collect_usage_pieces(context)])


def _entry(record: tuple[str, str]) -> Entry:
    name, text = record
    return Entry(name=name, text=" ".join(text.split()))
