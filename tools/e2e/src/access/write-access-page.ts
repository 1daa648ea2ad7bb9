import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { accessPage } from './access-page.js';

export const ACCESS_PAGE = fileURLToPath(new URL('../../../../docs/access.md', import.meta.url));

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(ACCESS_PAGE, accessPage());
