import { eventually, SERVICES } from '@ledgerline/local-stack';
import { type FaultKind } from '../schedule/fault-kinds.js';
import { type Fault } from '../schedule/schedule.js';
import { inflictClockStep } from './clock-step.js';
import { inflictFailpoint } from './failpoint-fault.js';
import { inflictFullStreams } from './full-streams.js';
import { inflictCut, inflictDroppedAnswers, inflictSlow } from './link-faults.js';
import { inflictMidBody } from './mid-body.js';
import { inflictFreeze, inflictKill } from './process-faults.js';
import { inflictPutBack } from './put-back.js';
import { inflictRefusedInserts } from './refused-inserts.js';
import { type Inflict, type StackUnderFire } from './stack-under-fire.js';
import { inflictTakenConnections } from './taken-connections.js';
import { inflictTakeover } from './takeover.js';

/** Longest that the stack may take until all of it works again. */
const RECOVERY_MS = 120_000;

const INFLICT: Record<FaultKind, Inflict> = {
  kill: inflictKill,
  freeze: inflictFreeze,
  cut: inflictCut,
  'drop-answers': inflictDroppedAnswers,
  slow: inflictSlow,
  'stream-full': inflictFullStreams,
  'connections-taken': inflictTakenConnections,
  'inserts-refused': inflictRefusedInserts,
  takeover: inflictTakeover,
  'mid-body': inflictMidBody,
  failpoint: inflictFailpoint,
  'clock-step': inflictClockStep,
  'put-back': inflictPutBack,
};

/** The ends of what the services have logged: the stack is gone when somebody reads why it did not come back. */
function logsOf(stack: StackUnderFire['stack']): string {
  return SERVICES.map((name) => `--- ${name}\n${stack.logOf(name)}`).join('\n');
}

/**
 * Does it, and resolves when everything works again: each service says that it is ready, and a new event is a row and in its quota's sum.
 *
 * @returns milliseconds from the end of the fault until then
 * @throws when that does not come
 */
export async function inflict(fire: StackUnderFire, fault: Fault): Promise<number> {
  const recovered = await INFLICT[fault.kind](fire, fault);
  const since = performance.now();
  await eventually(
    async () => {
      recovered?.();
      const unready = await fire.stack.unready();
      if (unready !== null) throw new Error(`the stack is not ready: ${unready}`);
    },
    { timeoutMs: RECOVERY_MS },
  )
    .then(() => fire.probe.visible(RECOVERY_MS))
    .catch((error: Error) => {
      throw new Error(`${error.message}\n${logsOf(fire.stack)}`, { cause: error });
    });
  return performance.now() - since;
}
