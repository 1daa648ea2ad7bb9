import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { extractTrace, injectTrace, startSpan, startTelemetry, type Telemetry } from './index.js';
import { trace } from '@opentelemetry/api';

const CALLER = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('trace context', () => {
  let telemetry: Telemetry;
  beforeAll(async () => {
    telemetry = await startTelemetry({ service: 'spec', instanceId: 'one', sampleRatio: 0 });
  });
  afterAll(() => telemetry.shutdown());

  it('a traceparent read and written again is the same', () => {
    expect(injectTrace(trace.getSpan(extractTrace(CALLER)))).toBe(CALLER);
  });

  it('a span continues the trace of its parent and keeps the decision to sample', () => {
    const child = startSpan('child', { parent: CALLER });
    expect(child.traceparent).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/);
    expect(child.traceparent).not.toBe(CALLER);
    child.end();
  });

  it.each([undefined, '', 'garbage', `${CALLER}-x`, '00-00000000000000000000000000000000-b7ad6b7169203331-01'])(
    'a missing or malformed traceparent (%p) begins a new trace instead of failing',
    (traceparent) => {
      const span = startSpan('root', { parent: traceparent ?? '' });
      expect(span.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
      span.end(new Error('marked failed'));
    },
  );

  it('metrics come out in Prometheus text', async () => {
    telemetry.meter.createCounter('spec_events').add(3, { kind: 'a' });
    expect(await telemetry.metricsText()).toMatch(/spec_events_total\{[^}]*kind="a"[^}]*\} 3/);
  });
});
