import { type InspectOptionsStylized, inspect } from 'node:util';

type Class<Instance extends object> = abstract new (...given: never[]) => Instance;

/** Where a stand-in gets what it does not have itself. */
export interface Substitutes<Instance> {
  /** The platform's `length` of the constructor. */
  readonly length: number;
  /** An object of the platform's with the properties that `instance` lacks. */
  property(instance: Instance): object;
  /** An object of the platform's that has the body of `instance`, for methods that it lacks. */
  method(instance: Instance): object;
}

/**
 * Lets `light` pass for the class `native` of the platform: instances of either are instances of both, it has the same name, its members are
 * enumerable as the platform's are, and what this version of Node has beyond ours (`textStream()`, `isReloadNavigation`, …) is there too.
 */
export function standInFor<Instance extends object>(
  light: Class<Instance>,
  native: Class<object>,
  substitutes: Substitutes<Instance>,
): void {
  const prototype: object = light.prototype;
  copyLook(light, native);
  copyLook(prototype, native.prototype);
  Object.setPrototypeOf(prototype, native.prototype);
  Object.defineProperty(light, 'name', { value: native.name, configurable: true });
  Object.defineProperty(light, 'length', { value: substitutes.length, configurable: true });
  Object.defineProperty(light, Symbol.hasInstance, { value: instanceTest(light, native), configurable: true });
  for (const [key, theirs] of members(native.prototype)) {
    if (Object.hasOwn(prototype, key)) continue;
    const ours = substitute(key, theirs, { substitutes, prototype });
    if (ours !== null) Object.defineProperty(prototype, key, ours);
  }
}

/** `fetch()` makes responses of the platform. A subclass of ours inherits the test, and has only instances of its own. */
function instanceTest(light: object, native: Class<object>): (this: object, value: unknown) => boolean {
  return function (value) {
    if (this === light) return value instanceof native;
    return Function.prototype[Symbol.hasInstance].call(this, value);
  };
}

/** Enumerable where the platform's is, and functions that say the same `length`. */
function copyLook(ours: object, theirs: object): void {
  for (const [key, wanted] of members(theirs)) {
    const own = Object.getOwnPropertyDescriptor(ours, key);
    if (own === undefined || key === 'prototype' || key === 'constructor') continue;
    Object.defineProperty(ours, key, { ...own, enumerable: wanted.enumerable === true });
    if (typeof own.value !== 'function' || typeof wanted.value !== 'function') continue;
    Object.defineProperty(own.value, 'length', { value: wanted.value.length, configurable: true });
  }
}

function members(of: object): [string | symbol, PropertyDescriptor][] {
  return Reflect.ownKeys(of).map((key) => [key, Object.getOwnPropertyDescriptor(of, key) ?? {}]);
}

function substitute<Instance>(
  key: string | symbol,
  theirs: PropertyDescriptor,
  { substitutes, prototype }: { substitutes: Substitutes<Instance>; prototype: object },
): PropertyDescriptor | null {
  // A getter that reads a private member throws for what is none of ours, as the platform does.
  const check = (instance: Instance): unknown => Reflect.get(prototype, 'bodyUsed', instance);
  if (theirs.get !== undefined) {
    const get = function (this: Instance): unknown {
      check(this);
      return Reflect.get(substitutes.property(this), key);
    };
    return { ...theirs, get };
  }
  if (typeof theirs.value !== 'function') return null;
  const value = function (this: Instance, ...given: unknown[]): unknown {
    check(this);
    const stand = substitutes.method(this);
    return Reflect.apply(Reflect.get(stand, key), stand, given);
  };
  for (const name of ['name', 'length']) {
    Object.defineProperty(value, name, { value: Reflect.get(theirs.value, name), configurable: true });
  }
  return { ...theirs, value };
}

/** What `console.log` shows of an instance. It must not touch the body, which can be read only once. */
export function inspected(name: string, properties: object, options: InspectOptionsStylized): string {
  return `${name} ${inspect(properties, { ...options, depth: (options.depth ?? 2) - 1 })}`;
}
