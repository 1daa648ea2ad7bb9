import { expect, it } from '@jest/globals';
import { Quantity as WireQuantity } from './gen/ledgerline/metering/v1/usage_envelope_pb.js';
import { QUANTITIES } from './quantities.js';

it('every quantity has the number that the protobuf schema gives it', () => {
  const wire = Object.fromEntries(Object.entries(WireQuantity).filter(([, number]) => typeof number === 'number' && number > 0));
  expect(Object.fromEntries(QUANTITIES.map(({ name, index }) => [name.toUpperCase(), index + 1]))).toEqual(wire);
});
