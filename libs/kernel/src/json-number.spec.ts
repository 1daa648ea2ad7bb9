import { describe, expect, it } from '@jest/globals';
import { jsonNumber } from './json-number.js';

describe('a decimal as a JSON number', () => {
  it.each(['0', '0.075', '123456789012345678.000000000001', '-0.5'])('%s keeps every digit', (decimal) => {
    expect(JSON.stringify({ cost: jsonNumber(decimal) })).toBe(`{"cost":${decimal}}`);
  });
});
