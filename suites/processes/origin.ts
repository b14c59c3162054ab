/** Which file of a user an implementation comes from. Knows no file system: a page asks too. */
import type { AnyImplementation } from "../../impls/implementation.js";

/** Where an implementation of a user comes from. */
export interface Origin {
  readonly file: string;
  readonly exported: string;
  /** The `make` that its options get where they name none; it counts the kernels of a file, so that it moves with their order. */
  readonly fallbackMake: string | undefined;
}

const origins = new WeakMap<AnyImplementation, Origin>();

export function originOf(impl: AnyImplementation): Origin | undefined {
  return origins.get(impl);
}

export function cameFrom(impl: AnyImplementation, origin: Origin): AnyImplementation {
  origins.set(impl, origin);
  return impl;
}
