import { WholeStack } from '@ledgerline/local-stack';

export type LocalStack = WholeStack;

/** @param env more of every part's environment */
export async function startLocalStack(env: Readonly<Record<string, string>> = {}): Promise<LocalStack> {
  const stack = new WholeStack('e2e', { env });
  try {
    await stack.start();
  } catch (error) {
    await stack.dispose();
    throw error;
  }
  return stack;
}
