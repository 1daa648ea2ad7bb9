import { randomUUID } from 'node:crypto';
import { type StreamInfo } from '@nats-io/jetstream';

const ID = /, id ([\w-]+)/;
/** Stands at the end until all that a recovery puts into the stream is there: a service that finds it refuses to start. */
const UNFINISHED = ', being recovered';

/** What a description says of a stream, without what differs from one making of it to the next. */
export const bareDescription = (description: string): string => description.replace(ID, '');

/** The description of a stream that is made now. NATS 2.9 has no metadata, and an update must name everything: a description survives both. */
export const describeAnew = (bare: string, { unfinished = false } = {}): string => `${bare}, id ${randomUUID()}${unfinished ? UNFINISHED : ''}`;

export const isUnfinished = (description: string | undefined): boolean => description?.endsWith(UNFINISHED) ?? false;

export const finished = (description: string): string => (isUnfinished(description) ? description.slice(0, -UNFINISHED.length) : description);

/**
 * Tells a stream from another of the same name: the id that it was made with; for one that was made without, its creation time. That alone
 * would not do: after a restart, an update and another restart, brokers tell the time of the first restart (nats-io/nats-server#8470).
 */
export const streamIdOf = ({ config, created }: Pick<StreamInfo, 'config' | 'created'>): string => ID.exec(config.description ?? '')?.[1] ?? created;
