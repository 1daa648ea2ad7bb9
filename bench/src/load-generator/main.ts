import { generateLoad } from './generate-load.js';
import { type LoadJob } from './job.js';

/** One job in, as JSON in the first argument; one report out, as a JSON line on stdout. */
const report = await generateLoad(JSON.parse(process.argv[2]!) as LoadJob);
process.stdout.write(`${JSON.stringify(report)}\n`);
