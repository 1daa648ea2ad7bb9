import { CONFIG, runService } from '@ledgerline/service-kit';
import { alertingConfig, type AlertingConfig } from './config.js';
import { AlertingModule, quotaEventsStrategy } from './alerting.module.js';

await runService({
  name: 'alerting',
  schema: alertingConfig,
  module: (config) => AlertingModule.forRoot(config),
  strategies: (app) => [quotaEventsStrategy(app, app.get<AlertingConfig>(CONFIG))],
});
