export const total = (basket) => basket.reduce((sum, { price, quantity }) => sum + price * quantity, 0);
