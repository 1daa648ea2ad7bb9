/** DI token of the service's parsed configuration. */
export const CONFIG = Symbol('CONFIG');
/** DI token of the pino logger. */
export const LOGGER = Symbol('LOGGER');
/** DI token of the kernel's Clock. */
export const CLOCK = Symbol('CLOCK');
/** DI token of the OpenTelemetry Meter behind /metrics. */
export const METER = Symbol('METER');
