import { type AlertNews, type GrowthNews, type ThresholdNews } from './alert-news.js';

/** A mail's words, without its addresses. */
export interface MailText {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** One thing that a mail says: its name, and what it is. */
type Row = readonly [name: string, value: string];

/** What people are told of an alert. @param customerName what the customer is called; null for its id alone */
export function alertMail(alertId: string, news: AlertNews, customerName: string | null): MailText {
  const { subject, rows } = news.kind === 'quota_threshold' ? ofThreshold(news, customerName) : ofGrowth(news);
  const all: readonly Row[] = [...rows, ['Raised', timeText(news.decidedAtUs)], ['Alert', alertId]];
  const hint = `When it is seen or dealt with: npm run -s cli -- alerts acknowledge ${alertId}, or alerts resolve.`;
  const widest = Math.max(...all.map(([name]) => name.length));
  const lines = all.map(([name, value]) => `${name.padEnd(widest)}  ${value}`);
  return { subject, text: `${subject}.\n\n${lines.join('\n')}\n\n${hint}\n`, html: htmlOf(`${subject}.`, all, hint) };
}

function ofThreshold({ customerId, metric, provider, model, limit, value, thresholdPercent, periodStart }: ThresholdNews, name: string | null): { subject: string; rows: Row[] } {
  const of = [provider, model].filter((part) => part !== null).join('/');
  const rows: Row[] = [
    ['Customer', name === null ? customerId : `${name} (${customerId})`],
    ['Limit', `${amountText(limit, metric)} a month${of === '' ? '' : `, of ${of}`}`],
    ['Used', `${amountText(value, metric)} when it passed ${thresholdPercent} %`],
    ['Period', `${monthText(periodStart)} (UTC)`],
  ];
  return { subject: `${name ?? customerId} has used ${thresholdPercent} % of its monthly limit of ${amountText(limit, metric)}`, rows };
}

function ofGrowth({ hourStartUs, heldEvents, threshold }: GrowthNews): { subject: string; rows: Row[] } {
  const rows: Row[] = [
    ['Held back', `${grouped(String(heldEvents))} events, worth an alert from ${grouped(String(threshold))} on`],
    ['Hour', `from ${timeText(hourStartUs)}`],
    ['See', 'npm run -s cli -- quarantine list --summary'],
  ];
  return { subject: `${grouped(String(heldEvents))} events were held back within an hour`, rows };
}

/** `1,000,000 tokens`, `$412.5`: every digit of it. */
export const amountText = (amount: string, metric: string): string => (metric === 'cost_usd' ? `$${grouped(amount)}` : `${grouped(amount)} ${metric}`);

function grouped(decimal: string): string {
  const [whole = '', fraction] = decimal.split('.');
  const groups = whole.replace(/\B(?=(?:\d{3})+$)/g, ',');
  return fraction === undefined ? groups : `${groups}.${fraction}`;
}

const timeText = (timeUs: number): string => `${new Date(timeUs / 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];

/** `2026-01-01` as `January 2026`. */
const monthText = (firstDay: string): string => `${MONTHS[Number(firstDay.slice(5, 7)) - 1]} ${firstDay.slice(0, 4)}`;

function htmlOf(sentence: string, rows: readonly Row[], hint: string): string {
  const cells = rows.map(([name, value]) => `<tr><td style="padding:4px 24px 4px 0;color:#666">${escaped(name)}</td><td style="padding:4px 0">${escaped(value)}</td></tr>`);
  return [
    '<!doctype html>',
    '<div style="font:15px/1.5 system-ui,sans-serif;color:#222;max-width:600px">',
    `<p style="font-size:17px">${escaped(sentence)}</p>`,
    `<table style="border-collapse:collapse">${cells.join('')}</table>`,
    `<p style="color:#666">${escaped(hint)}</p>`,
    '</div>',
  ].join('\n');
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
