import { ApiClient, describeProblem, reasonOf } from '../../connection/api-client.js';
import { type AreaCheck } from '../finding.js';
import { type KnownAddresses } from '../known-addresses.js';

const TIMEOUT_MS = 5_000;

/** The public address, and the key that the command line uses. */
export const apiCheck = (known: KnownAddresses): AreaCheck => ({
  area: 'API',
  unreachable: 'Start the stack, or set LEDGERLINE_URL to where it runs.',
  run: async (findings) => {
    const api = new ApiClient(known.apiUrl, known.adminKey ?? '', TIMEOUT_MS);
    const answer = await api.send('GET', '/v1/keys?limit=1').catch((error: unknown) => {
      throw new Error(`${known.apiUrl} does not answer (${reasonOf(error)})`);
    });
    findings.ok('reachable', known.apiUrl);
    if (known.adminKey === undefined) findings.warn('admin key', 'none', 'Set LEDGERLINE_ADMIN_KEY: most commands need one.');
    else if (answer.status === 200) findings.ok('admin key', 'valid');
    else if (answer.status === 401) findings.fail('admin key', describeProblem(answer), 'Set LEDGERLINE_ADMIN_KEY to a key that is not revoked (`keys create --scope ingest read admin` makes one).');
    else if (answer.status === 403) findings.warn('admin key', describeProblem(answer), 'It is a key, but not an admin\'s: set LEDGERLINE_ADMIN_KEY to one that is.');
    else findings.fail('admin key', describeProblem(answer), 'Accounts could not say whether the key is valid: look at its log.');
  },
});
