import { runService } from '@ledgerline/service-kit';
import { ingestConfig } from './config.js';
import { readBodiesAsBytes } from './http/read-body.js';
import { IngestModule } from './ingest.module.js';

await runService({
  name: 'ingest',
  schema: ingestConfig,
  module: (config) => IngestModule.forRoot(config),
  http: readBodiesAsBytes,
});
