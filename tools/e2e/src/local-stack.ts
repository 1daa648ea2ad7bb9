import { WholeStack } from '@ledgerline/local-stack';

export type LocalStack = WholeStack;

export async function startLocalStack(): Promise<LocalStack> {
  const stack = new WholeStack('e2e');
  try {
    await stack.start();
  } catch (error) {
    await stack.dispose();
    throw error;
  }
  return stack;
}
