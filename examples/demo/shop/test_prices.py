from prices import total


def test_total() -> None:
    assert total(3, 4) == 12
