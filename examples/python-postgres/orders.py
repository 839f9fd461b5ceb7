"""Orders in PostgreSQL."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg2

if TYPE_CHECKING:
    from collections.abc import Iterator

    from psycopg2.extensions import connection

TABLE = (
    "create table if not exists orders (id serial primary key, item text not null, quantity int check (quantity > 0))"
)


@contextmanager
def database() -> Iterator[connection]:
    """A connection whose changes are kept when the block ends well."""
    held = psycopg2.connect(os.environ["DATABASE"])
    try:
        with held, held.cursor() as cursor:
            cursor.execute(TABLE)
        with held:
            yield held
    finally:
        held.close()


def place(held: connection, item: str, quantity: int) -> int:
    """The new order's number."""
    with held.cursor() as cursor:
        cursor.execute("insert into orders (item, quantity) values (%s, %s) returning id", (item, quantity))
        return int(cursor.fetchone()[0])


def total(held: connection) -> int:
    with held.cursor() as cursor:
        cursor.execute("select coalesce(sum(quantity), 0) from orders")
        return int(cursor.fetchone()[0])
