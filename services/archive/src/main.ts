import { runService } from '@ledgerline/service-kit';
import { ArchiveModule } from './archive.module.js';
import { archiveConfig } from './config.js';

await runService({ name: 'archive', schema: archiveConfig, module: (config) => ArchiveModule.forRoot(config) });
