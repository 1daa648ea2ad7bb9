/** DI token of the UsageReader. */
export const USAGE_READER = Symbol('USAGE_READER');
/** DI token of the QuarantineReader. */
export const QUARANTINE_READER = Symbol('QUARANTINE_READER');
/** DI token of the Exports. */
export const EXPORTS = Symbol('EXPORTS');
/** DI token of the numbers of all partitions. */
export const ALL_PARTITIONS = Symbol('ALL_PARTITIONS');
/** DI token of the Members. */
export const MEMBERS = Symbol('MEMBERS');
/** DI token of the Projects. */
export const PROJECTS = Symbol('PROJECTS');
