/**
 * A ClickHouse server out of an npm package: libchdb carries the whole server, listeners included.
 *
 * Arguments: --library PATH --config PATH --data DIR --http-port N --tcp-port N.
 * Prints one line "stopped" and exits 0 when the endless query below was killed (a clean shutdown).
 *
 * SIGTERM kills that query, which writes everything out and ends the process in about a second.
 * The call goes through an FFI that runs it on a native thread: ClickHouse checks its stack, and this
 * process's event loop has to stay free to hear SIGTERM.
 */
import { writeSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { DataType, load, open } from 'ffi-rs';

const { values } = parseArgs({
  options: {
    library: { type: 'string' },
    config: { type: 'string' },
    data: { type: 'string' },
    'http-port': { type: 'string' },
    'tcp-port': { type: 'string' },
  },
});

/** Ends only when killed: the server lives as long as this query does. */
const SERVE = [
  'SYSTEM START LISTEN HTTP',
  'SYSTEM START LISTEN TCP',
  'SELECT sleepEachRow(1) FROM numbers(1000000000) SETTINGS max_block_size = 1, max_threads = 1, function_sleep_max_microseconds_per_block = 100000000 FORMAT Null',
].join('; ');

let stopping = false;
process.on('SIGTERM', async () => {
  if (stopping) return;
  stopping = true;
  // The session of this process has no user name in the list of queries.
  const headers = { Connection: 'close', 'X-ClickHouse-User': 'ledgerline', 'X-ClickHouse-Key': process.env.LEDGERLINE_CLICKHOUSE_PASSWORD ?? '' };
  try {
    const answer = await fetch(`http://127.0.0.1:${values['http-port']}`, { method: 'POST', headers, body: "KILL QUERY WHERE user = '' ASYNC" });
    if (!answer.ok) throw new Error(await answer.text());
  } catch (error) {
    // Not serving yet, or no more. Every part that was acknowledged is on disk, and an orderly exit
    // would wait for the native thread for ever.
    writeSync(2, `${error}\n`);
    process.kill(process.pid, 'SIGKILL');
  }
});

const argv = [
  'clickhouse',
  `--config-file=${values.config}`,
  `--path=${values.data}`,
  `--http_port=${values['http-port']}`,
  `--tcp_port=${values['tcp-port']}`,
  '--listen_host=127.0.0.1',
  `--query=${SERVE}`,
];

open({ library: 'chdb', path: values.library });
load({
  library: 'chdb',
  funcName: 'query_stable_v2',
  retType: DataType.External,
  paramsType: [DataType.I32, DataType.StringArray],
  paramsValue: [argv.length, argv],
  runInNewThread: true,
}).then(() => {
  writeSync(1, 'stopped\n');
  process.exit(0);
}, (error) => {
  writeSync(2, `${error}\n`);
  process.exit(1);
});
