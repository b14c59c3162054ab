/** Values of inputs by kind: the ordinary streams of random.ts, and the ones that break kernels. */
import { drawnDocuments } from "../../impls/documents.js";
import type { InputSpec } from "../../impls/operator.js";
import {
  channelRate,
  coherent,
  decayRate,
  hashAt,
  logIndex,
  signed,
  streamKeys,
  timeStep,
  weightScale,
} from "../../impls/random.js";
import type { Decay, Spec, Values } from "./spec.js";

const unit = (h: number) => (h >>> 8) * 2 ** -24;

/** Log decay of a token, from its hash, its head and its own ordinary value. */
const logDecays: Readonly<Record<Decay, (h: number, head: number, usual: number) => number>> = {
  none: () => 0,
  constant: (_h, head) => -(2 ** -(1 + (head & 7))),
  usual: (_h, _head, usual) => usual,
  near1: (h) => -1e-4 * unit(h),
  strong: (h) => -20 * (0.5 + unit(h)),
  mixed: (h) => [-0.3 * unit(h), -0.02 * unit(h), 0, 0, -0.3 * unit(h), -0.1, -30 * unit(h), -800][h & 7],
  cut: (h, _head, usual) => ((h & 15) === 0 ? -1e4 : usual),
  underflow: (h) => -60 - 60 * unit(h),
  reset: (h, _head, usual) => ((h & 15) === 0 ? Number.NEGATIVE_INFINITY : usual),
};

/** A of Mamba-1 by the same kinds; its steps are about 0.02, so that its numbers are larger. */
const channelDecays: Readonly<Record<Decay, (h: number, usual: number) => number>> = {
  none: () => 0,
  constant: () => -1,
  usual: (_h, usual) => usual,
  near1: (h) => -1e-3 * unit(h),
  strong: (h) => -1e3 * (0.5 + unit(h)),
  mixed: (h, usual) => [0, usual, -1, -30, usual, -1e3, -1e-3, 0][h & 7],
  cut: (h, usual) => ((h & 3) === 0 ? -1e5 : usual),
  underflow: (h) => -5e3 * (1 + unit(h)),
  reset: (h, usual) => ((h & 3) === 0 ? -1e6 : usual),
};

/** ln of the rates of a block by the same kinds; its steps are between 0.001 and 3. */
const logRates: Readonly<Record<Decay, (h: number, usual: number) => number>> = {
  none: () => -40,
  constant: () => 0,
  usual: (_h, usual) => usual,
  near1: (h) => -8 - unit(h),
  strong: (h) => 5 + unit(h),
  mixed: (h, usual) => [-40, usual, 0, 3.5, usual, 7, -7, -40][h & 7],
  cut: (h, usual) => ((h & 3) === 0 ? 11 : usual),
  underflow: (h) => 8 + unit(h),
  reset: (h, usual) => ((h & 3) === 0 ? 14 : usual),
};

/** @returns the value at a flat C-order index */
export function valueFunction(
  name: string,
  input: InputSpec,
  axes: readonly string[],
  shape: readonly number[],
  spec: Spec,
): (index: number) => number {
  const keys = streamKeys(spec.seed, name);
  const last = shape[shape.length - 1];
  const hash = (index: number) => hashAt(keys, Math.floor(index / last), index % last);
  // poles of a recurrent convolution lie in [-1, 1]
  if (name === "poles") return spec.decay === "none" ? () => 1 : (index) => signed(hash(index), 24);
  // without a softplus a step is what the inputs say, and a negative one would make the state grow
  if (
    (name === "deltaBias" || name === "dtBias") &&
    input.random === "coherent" &&
    spec.settings.softplus !== true
  )
    return timeSteps(spec, hash);
  switch (input.random) {
    case "documents": {
      const { data } = drawnDocuments(spec.seed, shape[0], shape[1]);
      return (index) => data[index];
    }
    case "timeStep":
      return timeSteps(spec, hash);
    case "logDecay": {
      const decay = logDecays[spec.decay];
      return (index) => {
        const h = hash(index);
        const head = index % last;
        // one number a head is a rate, which a step of its own will make small
        return decay(h, head, -(axes.length === 1 ? 1 : timeStep(h)) * decayRate(head));
      };
    }
    case "channelDecay": {
      const decay = channelDecays[spec.decay];
      return (index) => {
        const usual = -((index % last) + 1) * channelRate(Math.floor(index / last));
        return decay(hash(index), usual);
      };
    }
    case "stepBias":
      // a softplus is made of it: from nearly no step to one of 3
      if (spec.values === "ones") return () => -1;
      return (index) => -12 + 15 * unit(hash(index));
    case "logIndex": {
      const log = logRates[spec.decay];
      return (index) => log(hash(index), logIndex(index % last));
    }
    case "weight": {
      // both signs, like those that are timed: the probable bound takes a row for any of its size
      const values = spec.values === "coherent" ? "signed" : spec.values;
      const at = plain(values, hash, 1, () => 1);
      const scale = weightScale(last);
      return (index) => scale * at(index);
    }
    default:
      return plain(spec.values, hash, input.random === "signed8" ? 8 : 1, longKernel(spec, axes, last));
  }
}

/** Steps are positive; in front of a softplus they may be anything, its turn at 20 included. */
function timeSteps(spec: Spec, hash: (index: number) => number): (index: number) => number {
  if (spec.values === "ones") return () => 1;
  if (spec.settings.softplus !== true) return (index) => timeStep(hash(index));
  return (index) => {
    const h = hash(index);
    if ((h & 31) === 0) return 19 + 2 * unit(h);
    if ((h & 31) === 1) return 2 + 16 * unit(h);
    return -12 + 14 * unit(h);
  };
}

/** A long kernel fades as the timed ones do, unless the spec asks for none. */
function longKernel(spec: Spec, axes: readonly string[], last: number): (index: number) => number {
  if (axes[axes.length - 1] !== "length" || spec.decay === "none") return () => 1;
  return (index) => 2 ** -Math.floor((index % last) / 2 ** (6 + (Math.floor(index / last) & 7)));
}

function plain(
  values: Values,
  hash: (index: number) => number,
  factor: number,
  envelope: (index: number) => number,
): (index: number) => number {
  switch (values) {
    case "ones":
      return () => 1;
    case "integers":
      return (index) => 1 + (hash(index) % 4) - 5 * (hash(index) & 1);
    case "coherent":
      return (index) => factor * envelope(index) * (factor === 1 ? coherent : signed)(hash(index), 24);
    case "signed":
      return (index) => factor * envelope(index) * signed(hash(index), 24);
    case "sparse":
      return (index) => ((hash(index) & 7) === 0 ? factor * signed(hash(index), 24) : 0);
  }
}
