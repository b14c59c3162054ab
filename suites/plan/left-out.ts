/** Implementations that take no part on a device that is there, as sentences: one a reason, so that none hides behind another. */
import { type AnyImplementation, implementationName } from "../../impls/implementation.js";
import type { Lacking } from "../processes/protocol.js";

export interface LeftOut {
  readonly engine: string;
  readonly device: string | undefined;
  readonly lacking: readonly Lacking[];
}

export function leftOut(impls: readonly AnyImplementation[], places: readonly LeftOut[]): string[] {
  const sentences: string[] = [];
  for (const { engine, device, lacking } of places) {
    const names = new Map<string, Set<string>>();
    for (const { impl, reason } of lacking) {
      // a gate's base may have more of them
      if (!impls[impl]) continue;
      names.set(reason, (names.get(reason) ?? new Set()).add(implementationName(impls[impl])));
    }
    for (const [reason, these] of names)
      sentences.push(
        `engine ${engine}${device ? ` on ${device}` : ""} leaves out ${[...these].join(", ")}: ${reason}`,
      );
  }
  return sentences;
}
