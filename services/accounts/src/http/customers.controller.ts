import { Body, Controller, Get, Header, Inject, Post, Query, Req } from '@nestjs/common';
import { Changes } from '@ledgerline/administration';
import { confinedTo, Documented, PageLinks, parseInput, ProblemError, RequireScope } from '@ledgerline/service-kit';
import { type FastifyRequest } from 'fastify';
import { CreateCustomer } from '../application/create-customer.js';
import { type Customer, type Customers } from '../application/ports.js';
import { createCustomerDoc, listCustomersDoc } from './customers.openapi.js';
import { page } from './page.js';
import { customersQuery, newCustomerRequest } from './requests.js';

export const CUSTOMERS = Symbol('CUSTOMERS');

const customerJson = (customer: Customer) => ({
  customer_id: customer.id,
  name: customer.name,
  created_by: customer.createdBy,
  created_at: customer.createdAt.toISOString(),
});

/** Customers: entered by hand, or created by their first event. A customer's key sees that one. */
@RequireScope('read', 'anyone')
@Controller('v1/customers')
export class CustomersController {
  constructor(
    @Inject(CreateCustomer) private readonly createCustomer: CreateCustomer,
    @Inject(CUSTOMERS) private readonly customers: Customers,
    @Inject(Changes) private readonly changes: Changes,
  ) {}

  @Post()
  @RequireScope('admin', 'operator')
  @Documented(createCustomerDoc)
  async create(@Body() body: unknown, @Req() request: FastifyRequest) {
    const { customer_id: id, name } = parseInput(newCustomerRequest, body);
    return this.changes.once(request, async (change) => {
      const customer = await this.createCustomer.execute(id, name ?? null, change);
      if (!customer) throw new ProblemError(409, 'customer_exists', 'There is a customer of this id already.');
      return customerJson(customer);
    });
  }

  @Get()
  @Header('cache-control', 'no-store')
  @PageLinks()
  @Documented(listCustomersDoc)
  async list(@Query() query: unknown, @Req() request: FastifyRequest) {
    const { limit, cursor } = parseInput(customersQuery, query);
    return page(await this.customers.list({ limit: limit + 1, after: cursor ?? null }, confinedTo(request)), limit, customerJson, (customer) => customer.id);
  }
}
