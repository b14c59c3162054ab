/** Problems of the sizes that an implementation's fastest kernels take (`grain` in impls/implementation.ts). */
import type { LawCase } from "../laws/law.js";
import type { Spec } from "../problems/spec.js";
import type { Target } from "./targets.js";

/** One of so many problems keeps the sizes it was drawn with. */
const AS_DRAWN = 4;

/** Undefined where the implementation has no such sizes. */
export function fitsGrain({ impl: { grain } }: Target, { dims }: Spec): boolean | undefined {
  return grain && Object.entries(grain).every(([dim, unit = 1]) => (dims[dim] ?? unit) % unit === 0);
}

/** What a target is given of a case: the same in a run, in a replay and while it is shrunk, because only the spec decides. */
export function onGrain<Case extends LawCase>({ impl: { grain } }: Target, example: Case): Case {
  const { spec } = example;
  if (!grain || spec.seed % AS_DRAWN === 0) return example;
  const dims = Object.fromEntries(
    Object.entries(spec.dims).map(([dim, size]) => {
      const unit = grain[dim] ?? 1;
      return [dim, Math.ceil(size / unit) * unit];
    }),
  );
  return { ...example, spec: { ...spec, dims } };
}
