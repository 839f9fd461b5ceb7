import psycopg2
import pytest
from orders import database, place, total


def test_orders_add_up():
    with database() as held:
        before = total(held)
        place(held, "tea", 3)
        place(held, "cups", 2)
        assert total(held) == before + 5


def test_the_database_refuses_nonsense():
    with pytest.raises(psycopg2.errors.CheckViolation), database() as held:
        place(held, "tea", 0)
