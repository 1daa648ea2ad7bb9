import { Readable } from 'node:stream';
import { StreamableFile } from '@nestjs/common';
import { ProblemError } from '@ledgerline/service-kit';
import { type RowStream } from '../../application/exports.js';
import { encodeCsv } from './encode-csv.js';
import { encodeNdjson } from './encode-ndjson.js';
import { encodeParquet } from './encode-parquet.js';
import { type ExportColumn } from './export-column.js';
import { type ExportFormat } from './list-format.js';

type View = Readonly<Record<string, unknown>>;

const TYPES: Record<ExportFormat, string> = { csv: 'text/csv; charset=utf-8; header=present', ndjson: 'application/x-ndjson', parquet: 'application/vnd.apache.parquet' };
const ENCODERS = { csv: encodeCsv, ndjson: encodeNdjson, parquet: encodeParquet };
/** Each holds a connection to the store and some megabytes. */
const AT_ONCE = 4;

/** Writes whole lists as files that are sent while they are made. */
export class ExportAnswers {
  private running = 0;

  /**
   * An answer with the file `name` and the format's extension. What fails before the first row is thrown and can be answered; what fails
   * later breaks the connection off, because the status has been sent: a file that came to its end is whole.
   *
   * @throws ProblemError 503 when there are too many at once; what `rows` throws before the first
   */
  async send(name: string, format: ExportFormat, columns: readonly ExportColumn[], rows: () => Promise<RowStream<View>> | RowStream<View>): Promise<StreamableFile> {
    if (this.running >= AT_ONCE) throw new ProblemError(503, 'busy', `${AT_ONCE} exports are running; try again.`, undefined, { 'retry-after': '5' });
    this.running += 1;
    try {
      const stream = await rows();
      const first = await stream.next();
      const file = Readable.from(ENCODERS[format](resumed(first, stream), columns), { objectMode: false });
      file.once('close', () => {
        this.running -= 1;
        void stream.return();
      });
      return new StreamableFile(file, { type: TYPES[format], disposition: `attachment; filename="${name}.${format}"` });
    } catch (error) {
      this.running -= 1;
      throw error;
    }
  }
}

/** A stream whose first batch has been taken already. */
async function* resumed(first: IteratorResult<View[], void>, rest: RowStream<View>): AsyncGenerator<View[], void> {
  if (first.done) return;
  yield first.value;
  yield* rest;
}
