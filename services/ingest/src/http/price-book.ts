/** DI token of the price book that estimates are made with. */
export const PRICE_BOOK = Symbol('PRICE_BOOK');
