"""What a shell completes once `toolkit --install-completion` was typed in it, be it here or on a machine of its own.

The folder there is a root with the environments web, web-api and batch; toolkit is in the path. `Run` takes the shell's
name and a script, and returns what that prints.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import pexpect

    Run = Callable[[str, str], str]

ENVIRONMENTS = ("web", "web-api", "batch")
_INSTALL = "toolkit --install-completion; true"


def bash_completes(run: Run) -> None:
    run("bash", _INSTALL)
    ask = 'COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _toolkit_completion toolkit; echo "${COMPREPLY[*]}"'
    found = run(
        "bash", f". ~/.bashrc; COMP_WORDS=(toolkit env show w); {ask}; COMP_WORDS=(toolkit remote-env --sc); {ask}"
    )
    assert found.split() == ["web", "web-api", "--scope"]


def fish_completes(run: Run) -> None:
    run("fish", _INSTALL)
    found = run(
        "fish", "complete -C 'toolkit env show w'; complete -C 'toolkit remote-e'; complete -C 'toolkit validate en'"
    )
    assert found.splitlines() == [
        "web",
        "web-api",
        "remote-env\tShow or choose the environment that sessions get.",
        "envs/",
    ]


def zsh_completes(run: Run, interactive: Callable[[], pexpect.spawn[str]]) -> None:
    """`interactive` starts `zsh -i`."""
    run("zsh", _INSTALL)
    with interactive() as terminal:
        terminal.sendline("compinit -u; PS1='rea''dy> '")
        terminal.expect("ready> ")
        terminal.send("toolkit env show bat\t")
        terminal.expect("batch")
        terminal.sendline()
        terminal.expect("batch +revision|KEY +VALUE")
        terminal.expect("ready> ")
        terminal.send("toolkit remote-e\t")
        terminal.expect("remote-env")
        terminal.send("--sc\t")
        terminal.expect("--scope")
        terminal.sendcontrol("c")
