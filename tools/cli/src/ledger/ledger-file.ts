import { fileLines } from '../trace-import/file-lines.js';
import { type Identify, type LedgerEntry, parseLedgerLine } from './ledger-line.js';

/** Reads a ledger: one JSON object a line; empty lines are passed over. @throws LedgerFormatError, or the system's error when there is no such file */
export async function* readLedger(path: string, identify: Identify | undefined): AsyncGenerator<LedgerEntry | null> {
  for await (const { text, number } of fileLines(path)) {
    if (text.trim() !== '') yield parseLedgerLine(text, number, identify);
  }
}
