/** What every part of a measuring gate shares. */
import type { Target } from "../plan/case.js";
import type { Host } from "../processes/host.js";

/** One thing of each arm. */
export interface Sides<T> {
  readonly base: T;
  readonly head: T;
}

export type ArmName = keyof Sides<unknown>;

/** One side of the comparison. */
export interface Arm {
  readonly name: ArmName;
  /** A folder whose impls/ is measured; undefined where only `files` are and impls/ is the harness's own. */
  readonly tree: string | undefined;
  /** The module of its processes, in that folder; undefined where it is the harness's own. */
  readonly child: string | undefined;
  /** Modules with implementations of the user. */
  readonly files: readonly string[];
}

export interface Lab {
  readonly host: Host;
  readonly arms: Sides<Arm>;
  /** Seed of the order in which arms take turns; inputs are always those of seed 0. */
  readonly seed: number;
  /** Unix time in ms after which no further block begins. */
  readonly endMs: number;
  readonly signal: AbortSignal;
  /** One line about what is going on. */
  say(line: string): void;
  /** Why the block that has just been timed on such a device must not count, e.g. a throttled GPU; undefined when it counts. */
  blockSpoiled(kind: Target["kind"]): string | undefined;
}

export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

/** @throws Interrupted */
export function checkSignal({ signal }: Lab): void {
  if (signal.aborted) throw new Interrupted("interrupted");
}

export function timeIsUp({ host, endMs }: Lab): boolean {
  return host.nowMs() > endMs;
}
