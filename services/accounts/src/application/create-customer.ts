import { type Change } from '@ledgerline/administration';
import { type Customer, type Customers } from './ports.js';

/** Enters a customer by hand, before any usage. Null when there is one of that id, from whatever source. */
export class CreateCustomer {
  constructor(private readonly customers: Customers) {}

  execute(id: string, name: string | null, change: Change): Promise<Customer | null> {
    return this.customers.add(id, name, change);
  }
}
