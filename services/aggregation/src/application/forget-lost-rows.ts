import { type SourceSequences } from './rebuild-rows.js';

/** Rows whose source messages the log no longer has. */
export interface LostRows {
  /** Puts a copy of them aside, once, however often it is asked to. */
  keepAside(upTo: SourceSequences): Promise<void>;
  /** Takes them out of the tables in use. @returns how many rows of events those were */
  remove(upTo: SourceSequences): Promise<number>;
  /** Ends whatever insert still runs. */
  endInserts(): Promise<void>;
}

/**
 * Takes the rows behind the log's end out of the tables: a recovery has entered their events anew, in the next generation. They are put aside
 * first, so that nothing is destroyed should the broker lose its memory a second time. Can be repeated.
 *
 * @param upTo by partition, the last USAGE sequence whose outcomes the log has
 */
export async function forgetLostRows(rows: LostRows, upTo: SourceSequences): Promise<number> {
  await rows.endInserts();
  await rows.keepAside(upTo);
  return rows.remove(upTo);
}
