export { fenceLease, LeaseLostError } from './fence-lease.js';
export { type LeaseLog, LeaseManager, type LeaseOptions } from './lease-manager.js';
export { leaseMigration } from './lease-migration.js';
