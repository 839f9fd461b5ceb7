def total(price: int, quantity: int) -> int:
    return quantity + price
