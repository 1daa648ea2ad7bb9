import { styleText } from 'node:util';
import { DELTA_KIND_NAMES, Outcome, QUANTITIES } from '@ledgerline/contracts';
import { formatDecimal9, formatUsd } from '@ledgerline/kernel';
import { type Correction } from '@ledgerline/contracts';
import { type EventFields, type TailItem } from './tail-item.js';

type Colour = Parameters<typeof styleText>[0];

const COLOURS: Readonly<Record<string, Colour>> = { priced: 'green', applied: 'green', unpriced: 'yellow', late: 'yellow', parked: 'yellow', duplicate: 'gray', quarantined: 'red', refused: 'red', unreadable: 'red' };

/** One line: when, where, who, what, for how much, and what became of it. @param colours for a terminal */
export function itemText(item: TailItem, colours: boolean): string {
  const paint = (colour: Colour | undefined, text: string): string => (colours && colour !== undefined ? styleText(colour, text, { validateStream: false }) : text);
  const place = `${item.partition}:${item.sourceSequence}.${item.index}`;
  const head = [paint('gray', timeText(item.recordedAtUs)), paint('gray', place.padEnd(12))];
  const ends = item.type === 'signed_row' ? [] : [paint(COLOURS[item.outcome], [item.outcome, item.code].filter(Boolean).join(': ')), ...(item.detail ? [`(${printable(item.detail)})`] : [])];
  return [...head, ...bodyOf(item), ...ends].join('  ');
}

function bodyOf(item: TailItem): string[] {
  switch (item.type) {
    case 'event':
      return [...whose(item.event), usageText(item.event.usage), item.costPicoUsd === null ? '-' : `$${formatUsd(item.costPicoUsd)}`];
    case 'correction':
      return [printable(item.correction.customerId), `${item.correction.kind} of ${item.usageId}`, ...asked(item.correction)];
    case 'signed_row': {
      const { kind, retracts, version, outcome, costPicoUsd } = item.delta;
      const cost = outcome === Outcome.unpriced ? '-' : `$${formatUsd(costPicoUsd)}`;
      return [...whose(item.event), `${retracts ? 'takes back' : 'states'} version ${version} (${DELTA_KIND_NAMES.get(kind)})`, usageText(item.event.usage, retracts ? '-' : ''), cost];
    }
    case 'unreadable':
      return ['a message that cannot be read'];
  }
}

const whose = ({ customer, provider, model }: EventFields): string[] => [printable(customer), printable(`${provider}/${model}`)];

function asked({ usage, costUsd, status, reason, requestedBy }: Correction): string[] {
  const targets = [...(usage ? [...usage].map(([index, amount]) => `${QUANTITIES[index]!.name} ${QUANTITIES[index]!.decimal ? formatDecimal9(amount) : amount}`) : []), ...(costUsd ? [`$${costUsd}`] : []), ...(status ? [status] : [])];
  return [...(targets.length > 0 ? [`to ${targets.join(', ')}`] : []), `by ${printable(requestedBy)}: ${printable(reason)}`];
}

const usageText = (usage: Readonly<Record<string, string>>, sign = ''): string => Object.entries(usage).map(([name, value]) => `${name} ${sign}${value}`).join(', ') || 'no quantities';

const timeText = (timeUs: number): string => new Date(Math.floor(timeUs / 1000)).toISOString();

/** Names come from outside: what would move the cursor or colour the terminal is written as its code. */
export const printable = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`);
