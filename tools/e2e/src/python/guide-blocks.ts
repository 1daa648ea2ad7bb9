import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The guide as its authors wrote it; the project has no copy of it. */
const GUIDE = fileURLToPath(new URL('../../../../../shared/reference/seeds/002_e5cc6f702c4277e0.txt', import.meta.url));

export interface Place {
  readonly url: string;
  readonly token: string;
  readonly projectId: string;
}

/** The Python blocks of the client portal's guide, with address, token and project put in; null where the guide is not. */
export function guideBlocks({ url, token, projectId }: Place): string[] | null {
  if (!existsSync(GUIDE)) return null;
  const blocks = [...readFileSync(GUIDE, 'utf8').matchAll(/^```python\n([\s\S]*?)^```/gm)].map(([, block]) => block!);
  return blocks.map((block) =>
    block
      .replaceAll('https://portal.example.com', url)
      .replaceAll('your-clerk-token', token)
      .replaceAll('550e8400-e29b-41d4-a716-446655440000', projectId)
      .replaceAll('your-project-id', projectId),
  );
}
