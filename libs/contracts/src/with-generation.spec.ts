import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeUsageEnvelope } from './decode-usage-envelope.js';
import { UsageEnvelopeBuilder } from './usage-envelope-builder.js';
import { UsageRow } from './usage-row.js';
import { withGeneration } from './with-generation.js';

describe('an envelope in another generation', () => {
  it('says everything that it said before, and the new generation', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 65_535 }), fc.integer({ min: 1, max: 65_535 }), fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 8 }), (before, after, ids) => {
        const builder = new UsageEnvelopeBuilder(before, 3, ids.length);
        ids.forEach((id, i) => builder.append(Object.assign(new UsageRow(), { id, source: 's', customer: 'c', provider: 'p', model: 'm', occurredAtUs: i }), new Uint8Array(16).fill(i), 0));
        const bytes = builder.finish();
        expect(decodeUsageEnvelope(withGeneration(bytes, after))).toEqual({ ...decodeUsageEnvelope(bytes), generation: after });
      }),
    );
  });
});
