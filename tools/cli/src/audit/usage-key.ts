/** What usage is added up by: a customer's use of one model in one calendar month (UTC) of `occurred_at`. */
export interface UsageKey {
  readonly customer: string;
  /** `YYYY-MM`. */
  readonly month: string;
  readonly provider: string;
  readonly model: string;
}

/** The key as text, one for each key: the parts may hold any character. */
export const keyText = ({ customer, month, provider, model }: UsageKey): string => JSON.stringify([customer, month, provider, model]);

/** The key for people. */
export function describeKey(text: string): string {
  const [customer, month, provider, model] = JSON.parse(text) as string[];
  return `customer ${JSON.stringify(customer)}, ${month}, ${provider}/${model}`;
}

const DAY_US = 86_400_000_000;
const monthsByDay = new Map<number, string>();

/** `YYYY-MM` of microseconds since the epoch, UTC. */
export function monthOf(microseconds: number): string {
  const day = Math.floor(microseconds / DAY_US);
  let month = monthsByDay.get(day);
  if (month === undefined) {
    month = new Date(day * 86_400_000).toISOString().slice(0, 7);
    monthsByDay.set(day, month);
  }
  return month;
}
