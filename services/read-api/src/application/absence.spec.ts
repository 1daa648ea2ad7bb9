import { describe, expect, it } from '@jest/globals';
import { Absence, PastRetentionError, UnknownEventError } from './absence.js';

const AUGUST_US = Date.UTC(2026, 7, 1) * 1000;
const explain = (keptFromUs: number | null, traces: { saidUs?: number; corrected?: boolean }) => new Absence({ keptFromUs: async () => keptFromUs }).explain('id', { corrected: false, ...traces });

describe('an event that is not there', () => {
  it('was never recorded, as long as nothing was ever dropped', async () => {
    expect(await explain(null, { saidUs: 1 })).toEqual(new UnknownEventError('id', null));
    expect((await explain(null, {})).message).toBe('No event id was recorded.');
  });

  it('without a word of when is unknown; the answer says since when events are kept and what to do for an older one', async () => {
    const unknown = await explain(AUGUST_US, {});
    expect(unknown).toBeInstanceOf(UnknownEventError);
    expect(unknown.message).toMatch(/2026-08-01 .* POST \/v1\/credits/);
    expect(await explain(AUGUST_US, { saidUs: AUGUST_US })).toBeInstanceOf(UnknownEventError);
  });

  it('is past retention when it is said to be older, or was corrected once, and the credit is named', async () => {
    for (const gone of [await explain(AUGUST_US, { saidUs: AUGUST_US - 1 }), await explain(null, { corrected: true })]) {
      expect(gone).toBeInstanceOf(PastRetentionError);
      expect(gone.message).toContain('POST /v1/credits');
    }
  });
});
