/** A prepared problem whose outputs are arrays of the host: poisoning, reading and inspecting them. */

import { gatherLane, laneView } from "../../lanes.js";
import {
  type AnyOperator,
  type Lane,
  type OutputName,
  type Outputs,
  outputNames,
  type Problem,
} from "../../operator.js";
import { type Inspection, type Prepared, type RunDetails, rewriteInputs } from "../../prepared.js";

export interface HostPrepared<Op extends AnyOperator> {
  readonly operator: Op;
  readonly problem: Problem<Op>;
  readonly outputs: Outputs<Op>;
  run(): void | Promise<void>;
  /** Bytes of inputs and scratch held beside the outputs. */
  readonly otherBytes?: number;
  readonly details?: RunDetails;
  dispose?(): void | Promise<void>;
  /** Puts the inputs of another problem in place of this one's. */
  rewrite?(problem: Problem): void;
}

export function hostPrepared<Op extends AnyOperator>(parts: HostPrepared<Op>): Prepared<Op, void> {
  const arrays = Object.values<Float32Array>(parts.outputs);
  return {
    run: parts.run,
    poison: () => {
      for (const array of arrays) array.fill(Number.NaN);
    },
    read: () => parts.outputs,
    inspect: (lanes) => inspectArrays(parts.operator, parts.problem, parts.outputs, lanes),
    bytes: arrays.reduce((sum, array) => sum + array.byteLength, parts.otherBytes ?? 0),
    details: parts.details,
    dispose: () => parts.dispose?.(),
    ...(parts.rewrite ? { [rewriteInputs]: parts.rewrite } : {}),
  };
}

/** Lanes, the first non-finite element and a hash of all bits, from outputs in host memory. */
export function inspectArrays<Op extends AnyOperator>(
  operator: Op,
  problem: Problem,
  outputs: Outputs<Op>,
  lanes: readonly Lane[],
): Inspection<OutputName<Op>> {
  const names = outputNames(operator, problem as Problem);
  let nonFinite: Inspection<OutputName<Op>>["nonFinite"];
  let hash = 0x811c9dc5;
  for (const name of names) {
    const values = outputs[name];
    const survey = surveyOf(new Uint32Array(values.buffer, values.byteOffset, values.length));
    hash = Math.imul(hash ^ survey.hash, PRIME);
    if (!survey.hasNonFinite || nonFinite) continue;
    const isBad = (value: number) => !Number.isFinite(value);
    const index = values.findIndex(isBad);
    nonFinite = { output: name, index, value: values[index], total: values.filter(isBad).length };
  }
  const gathered = lanes.map((lane) =>
    Object.fromEntries(
      names.map((name) => [name, gatherLane(outputs[name], laneView(operator, problem, name, lane))]),
    ),
  );
  return {
    lanes: gathered as Record<OutputName<Op>, Float64Array>[],
    nonFinite,
    fingerprint: (hash >>> 0).toString(16),
  };
}

const PRIME = 0x01000193;
const EXPONENT = 0x7f800000;

/** A hash in which every bit and every place counts: four chains, since each step of one waits for the step before. */
function surveyOf(bits: Uint32Array): { readonly hash: number; readonly hasNonFinite: boolean } {
  let a = 1;
  let b = 2;
  let c = 3;
  let d = 4;
  let bad = 0;
  const whole = bits.length - (bits.length % 4);
  for (let i = 0; i < whole; i += 4) {
    const p = bits[i];
    const q = bits[i + 1];
    const r = bits[i + 2];
    const s = bits[i + 3];
    a = Math.imul(a ^ p, PRIME);
    b = Math.imul(b ^ q, PRIME);
    c = Math.imul(c ^ r, PRIME);
    d = Math.imul(d ^ s, PRIME);
    bad |= exponentIsFull(p) | exponentIsFull(q) | exponentIsFull(r) | exponentIsFull(s);
  }
  for (let i = whole; i < bits.length; i++) {
    a = Math.imul(a ^ bits[i], PRIME);
    bad |= exponentIsFull(bits[i]);
  }
  return {
    hash: [b, c, d].reduce((hash, part) => Math.imul(hash ^ part, PRIME), a),
    hasNonFinite: bad !== 0,
  };
}

/** 1 for the bits of a NaN or an infinity. */
function exponentIsFull(word: number): number {
  return ((word & EXPONENT) + 0x00800000) >>> 31;
}
