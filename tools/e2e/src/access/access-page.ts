import { ACCESS, ROLE_NAMES, ROLES } from './access-table.js';

const INTRODUCTION = `# Who may do what

A key has **scopes** (\`ingest\`: record events; \`read\`: see them and what follows from them; \`admin\`: everything else) and belongs to the
operator or to **one customer**. What belongs to another customer does not exist for it: ids answer 404, and so does asking for that customer;
its events are rejected one by one. Without a key, or with one that is unknown, revoked or expired, everything is 401.

This page is written from the table that the tests run (\`tools/e2e/src/access/access-table.ts\`): the status of each route for each role, for what is
the caller's own customer's / another customer's. An operator has no own customer.
`;

/** docs/access.md, from the table. */
export function accessPage(): string {
  const roles = ROLE_NAMES.map((name) => `| ${name} | ${ROLES[name].customer === null ? 'the operator' : 'a customer'} | ${ROLES[name].scopes.map((scope) => `\`${scope}\``).join(' ')} |`);
  const rows = ACCESS.map(({ route, own, other }) => `| \`${route}\` | ${own.map((status, i) => (status === other[i] ? status : `${status} / ${other[i]}`)).join(' | ')} |`);
  return [
    INTRODUCTION,
    ['| role | key of | scopes |', '|---|---|---|', ...roles].join('\n'),
    '',
    [`| route | ${ROLE_NAMES.join(' | ')} |`, `|---|${ROLE_NAMES.map(() => '---').join('|')}|`, ...rows].join('\n'),
    '',
  ].join('\n');
}
