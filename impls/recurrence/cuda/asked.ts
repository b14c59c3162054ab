/** What the kernels of recurrences over tokens are compiled for. */
import type { Walked } from "./plan.js";

/** What a kernel is compiled for, besides how it is cut. */
export interface Asked extends Walked {
  readonly dtype: string;
  /** One decay a token and head, instead of one for each element of the state. */
  readonly sharedDecay: boolean;
  /** Of a shared decay: its log is the step times a number of the head. */
  readonly rates: boolean;
  readonly step: boolean;
  /** 0: none, 1: one a head, 2: one a channel. */
  readonly skip: 0 | 1 | 2;
  readonly z: boolean;
  readonly bias: boolean;
  readonly initialState: boolean;
  readonly softplus: boolean;
  readonly limits: boolean;
}

export const flag = (holds: boolean) => (holds ? 1 : 0);

/** Definitions of walk.problem.cu. @param outputs whether Y is written */
export function problemDefines(asked: Asked, outputs: boolean) {
  return {
    KIND: `KIND_${asked.dtype}`,
    WIDE: flag(asked.dims.state % 4 === 0),
    SHARED_DECAY: flag(asked.sharedDecay),
    RATES: flag(asked.rates),
    HAS_STEP: flag(asked.step),
    HAS_D: outputs ? asked.skip : 0,
    HAS_Z: flag(outputs && asked.z),
    HAS_BIAS: flag(asked.bias),
    HAS_INITIAL: flag(asked.initialState),
    SOFTPLUS: flag(asked.softplus),
    LIMITS: flag(asked.limits),
  };
}
