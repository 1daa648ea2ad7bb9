import { apiCheck } from './checks/api.js';
import { clickhouseCheck } from './checks/clickhouse.js';
import { machineCheck } from './checks/machine.js';
import { natsCheck } from './checks/nats.js';
import { postgresCheck } from './checks/postgres.js';
import { servicesCheck } from './checks/services.js';
import { examine, type Finding } from './finding.js';
import { type KnownAddresses } from './known-addresses.js';

/** Everything that can be said of a stack with what is known of it. Changes nothing. */
export const examineStack = (known: KnownAddresses): Promise<Finding[]> =>
  examine([machineCheck, natsCheck, postgresCheck, clickhouseCheck, servicesCheck, apiCheck].map((check) => check(known)));
