export * from './net-event.js';
export * from './price-book.js';
export * from './price-rows.js';
export * from './seed-price-book.js';
