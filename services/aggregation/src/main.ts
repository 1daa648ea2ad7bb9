import { JetStreamBatchStrategy } from '@ledgerline/messaging';
import { runService } from '@ledgerline/service-kit';
import { AggregationModule } from './aggregation.module.js';
import { aggregationConfig } from './config.js';

await runService({
  name: 'aggregation',
  schema: aggregationConfig,
  module: (config) => AggregationModule.forRoot(config),
  strategies: (app) => [app.get(JetStreamBatchStrategy)],
});
