import './stepped-clock.js';

export { failpoint, FailpointError, type FailpointName } from './failpoint.js';
export { type ArmedFailpoint, armedText, parseArmed } from './armed-failpoint.js';
