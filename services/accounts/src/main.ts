import { CONFIG, runService } from '@ledgerline/service-kit';
import { AccountsModule, quotaEventsStrategy } from './accounts.module.js';
import { type AccountsConfig, accountsConfig } from './config.js';

await runService({
  name: 'accounts',
  schema: accountsConfig,
  module: (config) => AccountsModule.forRoot(config),
  strategies: (app) => [quotaEventsStrategy(app, app.get<AccountsConfig>(CONFIG))],
});
