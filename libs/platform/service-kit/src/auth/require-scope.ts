import { RouteConfig } from '@nestjs/platform-fastify';
import { type Role } from './principal.js';

const DECIDED = Symbol('required role');

/**
 * The least role a route, or every route of a controller, asks for. It travels as Fastify route configuration, so that the check
 * runs before the body is read. A method's own decorator wins over its class's.
 */
export function RequireRole(role: Role): ClassDecorator & MethodDecorator {
  return ((target: object, key?: string | symbol, descriptor?: PropertyDescriptor) => {
    if (key !== undefined && descriptor) return mark(target, key, descriptor, role);
    const { prototype } = target as { prototype: object };
    for (const name of Object.getOwnPropertyNames(prototype)) {
      const method = Object.getOwnPropertyDescriptor(prototype, name);
      if (name === 'constructor' || typeof method?.value !== 'function') continue;
      if (!Reflect.hasMetadata(DECIDED, method.value)) mark(prototype, name, method, role);
    }
    return undefined;
  }) as ClassDecorator & MethodDecorator;
}

function mark(target: object, key: string | symbol, descriptor: PropertyDescriptor, role: Role): void {
  Reflect.defineMetadata(DECIDED, role, descriptor.value as object);
  RouteConfig({ requiredRole: role })(target, key, descriptor);
}
