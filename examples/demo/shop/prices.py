def total(quantity: int, price: int) -> int:
    return quantity + price
