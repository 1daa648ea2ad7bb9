import { addRouteSettings, methodsOf } from '../http/route-settings.js';
import { type Audience, type Requirement, type Scope } from './principal.js';

const DECIDED = Symbol('required scope');

/**
 * The scope that a route, or every route of a controller, asks for, and of whose keys. It travels as Fastify route configuration, so that the
 * check runs before the body is read. A method's own decorator wins over its class's.
 *
 * A route for `anyone` has to confine what it does to `confinedTo(request)`.
 */
export function RequireScope(scope: Scope, audience: Audience): ClassDecorator & MethodDecorator {
  const requires: Requirement = { scope, audience };
  return ((target: object, key?: string | symbol, descriptor?: PropertyDescriptor) => {
    if (key !== undefined && descriptor) return mark(target, key, descriptor, requires);
    const { prototype } = target as { prototype: object };
    for (const [name, method] of methodsOf(target)) if (!Reflect.hasMetadata(DECIDED, method.value as object)) mark(prototype, name, method, requires);
    return undefined;
  }) as ClassDecorator & MethodDecorator;
}

function mark(target: object, key: string | symbol, descriptor: PropertyDescriptor, requires: Requirement): void {
  Reflect.defineMetadata(DECIDED, requires, descriptor.value as object);
  addRouteSettings(target, key, descriptor, { requires });
}
