import { createClickHouse } from '@ledgerline/clickhouse';
import { setTimeout as delay } from 'node:timers/promises';
import { type Inflict } from './stack-under-fire.js';

/** ClickHouse refuses every insert into usage_events for a while: one part is too many. */
export const inflictRefusedInserts: Inflict = async ({ stack }, { holdMs }) => {
  const client = createClickHouse({ url: stack.file().clickhouse_url, applicationName: 'chaos' });
  try {
    await client.command({ query: 'ALTER TABLE usage_events MODIFY SETTING parts_to_throw_insert = 1' });
    try {
      await delay(holdMs);
    } finally {
      await client.command({ query: 'ALTER TABLE usage_events RESET SETTING parts_to_throw_insert' });
    }
  } finally {
    await client.close();
  }
};
