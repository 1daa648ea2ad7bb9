import '@ledgerline/failpoints';
import { installApiDocs } from '@ledgerline/api-docs';
import { runService } from '@ledgerline/service-kit';
import { readApiConfig } from './config.js';
import { ReadApiModule } from './read-api.module.js';

await runService({ name: 'read-api', schema: readApiConfig, module: (config) => ReadApiModule.forRoot(config), http: installApiDocs });
