import type { Layout } from "../../engines/cpu/layout.js";
import type { AnyOperator } from "../../operator.js";
import { type Asked, needsSteps } from "../operator.js";

/** What a kernel in one memory is told of the step in front of the map; a place of 0 stands for nothing to make. */
export interface MadeSteps {
  /** (batch, length, heads) each. */
  readonly dtMade: number;
  readonly logAMade: number;
  /** 1 where logA is one number a head. */
  readonly perHead: number;
  readonly softplus: number;
  /** Limits; infinite where there are none. */
  readonly dtMin: number;
  readonly dtMax: number;
}

/** Of a kernel for which logA and dt will do as they are. */
export const NOTHING_MADE: MadeSteps = {
  dtMade: 0,
  logAMade: 0,
  perHead: 0,
  softplus: 0,
  dtMin: 0,
  dtMax: 0,
};

/** Lays out what is made of dt, bias, A and documents; undefined where logA and dt will do as they are. */
export function placeSteps(
  layout: Pick<Layout<AnyOperator>, "reserve"> & { readonly problem: Asked },
): MadeSteps | undefined {
  const { dims, inputs, settings } = layout.problem;
  if (!needsSteps(layout.problem)) return undefined;
  const { softplus, dtMin, dtMax } = settings;
  const perHead = inputs.logA?.axes.length === 1;
  const limited = dtMin > 0 || dtMax > 0;
  const bytes = dims.batch * dims.length * dims.heads * 4;
  return {
    dtMade: inputs.dt && (inputs.dtBias || softplus || limited) ? layout.reserve(bytes) : 0,
    logAMade: perHead || inputs.documents ? layout.reserve(bytes) : 0,
    perHead: perHead ? 1 : 0,
    softplus: softplus ? 1 : 0,
    dtMin: limited ? dtMin : Number.NEGATIVE_INFINITY,
    dtMax: dtMax || Number.POSITIVE_INFINITY,
  };
}
