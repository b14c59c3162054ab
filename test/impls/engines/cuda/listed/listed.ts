/** A kernel as the table of registers names it, with what a card would compile it from. */
import type { KernelSource } from "../../../../../impls/engines/cuda/device/program.js";

export interface Listed {
  /** As the table names it. */
  readonly name: string;
  readonly source: KernelSource;
  readonly architecture: string;
}

/** Shared memory of a workgroup on an A100 and an H100. */
export const SHARED = { sm_80: 166_912, sm_90a: 232_448 } as const;
export type Architecture = keyof typeof SHARED;
export const ARCHITECTURES = Object.keys(SHARED) as Architecture[];

/** One source on both architectures. */
export function onBoth(source: KernelSource, name = source.entry): Listed[] {
  return ARCHITECTURES.map((architecture) => ({ name: `${name} ${architecture}`, source, architecture }));
}
