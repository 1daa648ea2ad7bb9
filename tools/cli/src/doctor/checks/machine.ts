import { existsSync, readdirSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type AreaCheck, type Findings } from '../finding.js';
import { type KnownAddresses } from '../known-addresses.js';

const NODE_MAJOR = 24;
const DISK = { warnAt: 0.9, failAt: 0.98 };
/** Files of a home that hold a secret. */
const SECRETS = ['admin-key', 'usage-id-key', 'postgres-password', 'clickhouse-password', 'stack.json'];
const OTHERS = 0o077;
const OTHERS_WRITE = 0o022;

/** This machine: Node, and the home of the local stack with its secrets and its disk. */
export const machineCheck = ({ home }: KnownAddresses): AreaCheck => ({
  area: 'machine',
  unreachable: 'Look at the home of the local stack.',
  run: async (findings) => {
    reportNode(findings);
    if (home === undefined) return;
    if (!existsSync(home)) return findings.skip('home', `${home} is not there`, 'No local stack has run here: npm start makes it, or set LEDGERLINE_HOME or LEDGERLINE_URL.');
    reportHome(findings, home);
    reportSecrets(findings, home);
    reportDisk(findings, home);
  },
});

function reportNode(findings: Findings): void {
  const major = Number(process.versions.node.split('.')[0]);
  if (major >= NODE_MAJOR) findings.ok('Node.js', process.version);
  else findings.warn('Node.js', process.version, `Run it with Node ${NODE_MAJOR}: npm run does so by itself.`);
}

function reportHome(findings: Findings, home: string): void {
  const mode = statSync(home).mode & 0o777;
  if (mode & OTHERS_WRITE) findings.fail('home', `${home} can be written by others (${mode.toString(8)})`, `chmod 755 ${home}`);
  else findings.ok('home', home);
}

function reportSecrets(findings: Findings, home: string): void {
  const there = readdirSync(home).filter((name) => SECRETS.includes(name));
  const open = there.filter((name) => (statSync(join(home, name)).mode & OTHERS) !== 0);
  if (open.length > 0) findings.fail('secrets', `others can read ${open.join(', ')}`, `chmod 600 ${open.map((name) => join(home, name)).join(' ')}, then replace what may have been read.`);
  else findings.ok('secrets', `${there.length} files, for their owner alone`);
}

function reportDisk(findings: Findings, home: string): void {
  const { bavail, blocks, bsize } = statfsSync(home);
  const gibibytes = (count: number): string => ((count * bsize) / 2 ** 30).toFixed(1);
  findings.level('disk', 1 - bavail / blocks, DISK, `${gibibytes(bavail)} of ${gibibytes(blocks)} GiB free`, 'Free or add disk: a full one stops the broker, and ingest answers 503.');
}
