"""Whose commits a session makes: the user's, as git here has it, else a stand-in that is named as one; pure."""

from __future__ import annotations

from typing import NamedTuple


class Author(NamedTuple):
    """`remark`: what to say where something stands in for a missing setting; empty: nothing does."""

    name: str
    email: str
    remark: str = ""


def author(*, name: str, email: str, account: str) -> Author:
    """`name` and `email` as configured, empty where they are not; `account` is who starts the session."""
    if name and email:
        return Author(name, email)
    found = Author(name or account, email or (account if "@" in account else f"{account}@localhost"))
    missing = [key for key, value in (("user.name", name), ("user.email", email)) if not value]
    commands = " and ".join(f"git config --global {key} VALUE" for key in missing)
    return found._replace(
        remark=f"the session's commits are by {found.name} <{found.email}>, since git here has no "
        f"{' and '.join(missing)}: {commands}"
    )
