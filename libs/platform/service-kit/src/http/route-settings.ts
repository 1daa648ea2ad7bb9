import { type FastifyContextConfig } from 'fastify';
import { RouteConfig } from '@nestjs/platform-fastify';

const SETTINGS = Symbol('route settings');

/** Adds to what travels with a route as Fastify's route configuration; the framework's own decorator would put one in the place of another. */
export function addRouteSettings(target: object, key: string | symbol, descriptor: PropertyDescriptor, settings: Partial<FastifyContextConfig>): void {
  const method = descriptor.value as object;
  const all = { ...(Reflect.getMetadata(SETTINGS, method) as object | undefined), ...settings };
  Reflect.defineMetadata(SETTINGS, all, method);
  RouteConfig(all)(target, key, descriptor);
}

/** The methods of a controller, for a decorator of its class. */
export function* methodsOf(target: object): Generator<[name: string, descriptor: PropertyDescriptor]> {
  const { prototype } = target as { prototype: object };
  for (const name of Object.getOwnPropertyNames(prototype)) {
    const method = Object.getOwnPropertyDescriptor(prototype, name);
    if (name !== 'constructor' && typeof method?.value === 'function') yield [name, method];
  }
}
