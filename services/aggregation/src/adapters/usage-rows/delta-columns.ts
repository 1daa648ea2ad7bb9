import { type Delta, eventCountOf } from '@ledgerline/contracts';
import { enum8Column, int8Column, type NativeColumn, stringColumn, uint32Column } from '@ledgerline/clickhouse';
import { ROW_KIND_TYPE } from '../../migrations/clickhouse.js';

const RECORDED = 1;

/** What tells a correction's rows from recorded ones. Only a block with such a row has these columns; in all others they are their defaults. */
export class DeltaColumns {
  private readonly kinds: Uint8Array;
  private readonly versions: Uint32Array;
  private readonly correctionIds: string[];
  private readonly eventCounts: Int8Array;

  constructor(capacity: number) {
    this.kinds = new Uint8Array(capacity).fill(RECORDED);
    this.versions = new Uint32Array(capacity);
    this.correctionIds = new Array<string>(capacity).fill('');
    this.eventCounts = new Int8Array(capacity).fill(1);
  }

  set(row: number, delta: Delta): void {
    this.kinds[row] = delta.kind;
    this.versions[row] = delta.version;
    this.correctionIds[row] = delta.correctionId;
    this.eventCounts[row] = eventCountOf(delta);
  }

  /** @param unpriced 1 for each row whose cost is unknown; counted with the sign of its event */
  columns(unpriced: Uint8Array): NativeColumn[] {
    return [
      enum8Column('kind', ROW_KIND_TYPE, this.kinds),
      uint32Column('version', this.versions),
      stringColumn('correction_id', this.correctionIds),
      int8Column('event_count', this.eventCounts),
      int8Column('unpriced_count', this.eventCounts.map((count, row) => count * unpriced[row]!)),
    ];
  }
}
