/** DI token of the {@link KnownCustomers}. */
export const KNOWN_CUSTOMERS = Symbol('KNOWN_CUSTOMERS');

/** Says which customers may send events. */
export interface KnownCustomers {
  has(customerId: string): boolean;
}

/** Where a customer's first event creates it, everybody is known. */
export const everybody: KnownCustomers = { has: () => true };
