/** Names on the broker. One stream for each partition of USAGE and of PRICED, and one QUOTA stream. */
export const usageStream = (generation: number, partition: number): string => `USAGE_g${generation}_p${partition}`;
export const usageSubject = (generation: number, partition: number): string => `ledgerline.usage.g${generation}.p${partition}`;
/** Corrections lie in the partition's USAGE stream, under a subject of their own that trusted producers may not use. */
export const correctionSubject = (generation: number, partition: number): string => `ledgerline.correction.g${generation}.p${partition}`;
export const pricedStream = (generation: number, partition: number): string => `PRICED_g${generation}_p${partition}`;
export const pricedSubject = (generation: number, partition: number): string => `ledgerline.priced.g${generation}.p${partition}`;

export const QUOTA_STREAM = 'QUOTA';
export const QUOTA_SUBJECTS = 'ledgerline.quota.>';
export const quotaSubject = (kind: string): string => `ledgerline.quota.${kind}`;

/** Largest USAGE message in bytes. */
export const MAX_USAGE_BYTES = 262_144;

/** Largest PRICED message in bytes; below the broker's default max_payload of 1 MiB. */
export const MAX_PRICED_BYTES = 1_000_000;
