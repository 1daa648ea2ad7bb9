import { type EventResult } from '../application/record-events.js';

/** 202 all accepted, 207 some, 422 none; 503 as soon as one is not known to be stored. */
export function statusOf(results: readonly EventResult[]): number {
  let accepted = 0;
  for (const { status } of results) {
    if (status === 'unknown') return 503;
    if (status === 'accepted') accepted++;
  }
  return accepted === results.length ? 202 : accepted > 0 ? 207 : 422;
}

/** `{"results":[…]}`, in the order of the events. @param minimal leaves out what was accepted */
export function resultsText(results: readonly EventResult[], minimal: boolean): string {
  const parts: string[] = [];
  for (let index = 0; index < results.length; index++) {
    const result = results[index]!;
    if (result.status === 'accepted') {
      if (!minimal) parts.push(`{"index":${index},"usage_id":"${result.usageId}","status":"accepted"}`);
    } else if (result.status === 'rejected') {
      parts.push(JSON.stringify({ index, status: result.status, field: result.field, reason: result.reason }));
    } else {
      parts.push(JSON.stringify({ index, usage_id: result.usageId, status: result.status, id: result.id, reason: result.reason }));
    }
  }
  return `{"results":[${parts.join(',')}]}`;
}
