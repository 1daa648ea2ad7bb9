export {
  MAX_COUNT,
  MAX_DECIMAL,
  QUANTITIES,
  QUANTITY_BY_NAME,
  QUANTITY_COUNT,
  TOKEN_QUANTITIES,
  type Quantity,
  type QuantityKind,
} from '@ledgerline/kernel';
