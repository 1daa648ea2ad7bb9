import { ClickHouseError } from '@clickhouse/client';

/** What the server's numeric codes mean to us. */
export type ClickHouseFaultCode = 'query_id_in_use' | 'killed' | 'unreachable' | 'refused' | 'interrupted';

/** A failed ClickHouse call. `interrupted` and `unreachable` leave open whether the statement took effect. */
export class ClickHouseFault extends Error {
  constructor(
    readonly code: ClickHouseFaultCode,
    message: string,
    /** The server's own code, when it answered. */
    readonly serverCode: number | null,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'ClickHouseFault';
  }
}

const CODES: Record<number, ClickHouseFaultCode> = { 216: 'query_id_in_use', 394: 'killed' };
const UNREACHABLE = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH']);

/** Turns whatever the client threw into a ClickHouseFault; never throws itself. */
export function toClickHouseFault(error: unknown): ClickHouseFault {
  if (error instanceof ClickHouseFault) return error;
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof ClickHouseError) {
    const serverCode = Number(error.code);
    return new ClickHouseFault(CODES[serverCode] ?? 'refused', message, serverCode, { cause: error });
  }
  const systemCode = (error as { code?: unknown } | null)?.code;
  const unreachable = typeof systemCode === 'string' && UNREACHABLE.has(systemCode);
  return new ClickHouseFault(unreachable ? 'unreachable' : 'interrupted', message, null, { cause: error });
}
