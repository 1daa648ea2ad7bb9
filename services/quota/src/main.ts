import { CONFIG, runService } from '@ledgerline/service-kit';
import { type QuotaConfig, quotaConfig } from './config.js';
import { pricedStrategy, QuotaModule } from './quota.module.js';

await runService({
  name: 'quota',
  schema: quotaConfig,
  module: (config) => QuotaModule.forRoot(config),
  strategies: (app) => [pricedStrategy(app, app.get<QuotaConfig>(CONFIG))],
});
