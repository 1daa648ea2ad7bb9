import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { alertMail, amountText } from './alert-mail.js';
import { type GrowthNews, type ThresholdNews } from './alert-news.js';

const ID = '7a1f3c52-0b1e-8c7d-ac44-6d1c0d3c9e20';
const news: ThresholdNews = {
  kind: 'quota_threshold', customerId: 'acme', metric: 'tokens', provider: null, model: null, limit: '1000000', value: '812345', thresholdPercent: 80, periodStart: '2026-01-01',
  quotaId: '0b5c7e1e-3f1c-4f0e-9d61-0a4ad7a4f7aa', limitVersion: 1, decidedAtUs: Date.parse('2026-01-15T10:30:00Z') * 1000,
};

describe('a mail about an alert', () => {
  it('says who, which limit, how much was used, of which month, and when', () => {
    const { subject, text, html } = alertMail(ID, news, 'Acme');
    expect(subject).toBe('Acme has used 80 % of its monthly limit of 1,000,000 tokens');
    expect(text).toBe(
      [
        'Acme has used 80 % of its monthly limit of 1,000,000 tokens.',
        '',
        'Customer  Acme (acme)',
        'Limit     1,000,000 tokens a month',
        'Used      812,345 tokens when it passed 80 %',
        'Period    January 2026 (UTC)',
        'Raised    2026-01-15 10:30:00 UTC',
        `Alert     ${ID}`,
        '',
        `When it is seen or dealt with: npm run -s cli -- alerts acknowledge ${ID}, or alerts resolve.`,
        '',
      ].join('\n'),
    );
    for (const part of ['Acme (acme)', '1,000,000 tokens a month', '812,345 tokens', 'January 2026', '2026-01-15 10:30:00 UTC', ID]) expect(html).toContain(part);
  });

  it('says what the limit is of, in money where it is money, and the id of who has no name', () => {
    const { subject, text } = alertMail(ID, { ...news, metric: 'cost_usd', provider: 'openai', model: 'gpt-4', limit: '500', value: '412.000000000001', thresholdPercent: 100 }, null);
    expect(subject).toBe('acme has used 100 % of its monthly limit of $500');
    expect(text).toContain('Customer  acme\nLimit     $500 a month, of openai/gpt-4\nUsed      $412.000000000001 when it passed 100 %\n');
  });

  it('is about an hour in which much was held back, too', () => {
    const growth: GrowthNews = { kind: 'quarantine_growth', hourStartUs: Date.parse('2026-01-15T10:00:00Z') * 1000, heldEvents: 1204, threshold: 100, decidedAtUs: news.decidedAtUs };
    const { subject, text } = alertMail(ID, growth, null);
    expect(subject).toBe('1,204 events were held back within an hour');
    expect(text).toContain('Hour       from 2026-01-15 10:00:00 UTC');
  });

  it('takes no name for markup', () => {
    const { html } = alertMail(ID, { ...news, customerId: `<img src="x" onerror='a&b'>` }, null);
    expect(html).not.toContain('<img');
    expect(html).toContain('&lt;img src=&quot;x&quot; onerror=&#39;a&amp;b&#39;&gt;');
  });

  it('has every digit of an amount, grouped by three', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 30n }), fc.option(fc.stringMatching(/^\d{1,12}$/)), (whole, fraction) => {
        const amount = fraction === null ? String(whole) : `${whole}.${fraction}`;
        const [text] = amountText(amount, 'credits').split(' ') as [string];
        expect(text.replaceAll(',', '')).toBe(amount);
        expect(text.split('.')[0]).toMatch(/^\d{1,3}(,\d{3})*$/);
      }),
    );
  });
});
