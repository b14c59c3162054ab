/** A prepared problem whose outputs are arrays of the host: poisoning, reading and inspecting them. */

import { gatherLane, laneView } from "../../lanes.js";
import type { AnyOperator, Lane, OutputName, Outputs, Problem } from "../../operator.js";
import { type Inspection, type Prepared, type RunDetails, rewriteInputs } from "../../prepared.js";

export interface HostPrepared<Op extends AnyOperator> {
  readonly operator: Op;
  readonly problem: Problem<Op>;
  readonly outputs: Outputs<Op>;
  run(): void | Promise<void>;
  /** Bytes of inputs and scratch held beside the outputs. */
  readonly otherBytes?: number;
  readonly details?: RunDetails;
  dispose?(): void;
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
  const names = Object.keys(operator.outputs) as OutputName<Op>[];
  let nonFinite: Inspection<OutputName<Op>>["nonFinite"];
  let hash = 0x811c9dc5;
  for (const name of names) {
    const values = outputs[name];
    let total = 0;
    let first = -1;
    for (let i = 0; i < values.length; i++) {
      if (Number.isFinite(values[i])) continue;
      if (total++ === 0) first = i;
    }
    if (total > 0 && !nonFinite) nonFinite = { output: name, index: first, value: values[first], total };
    const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
    for (let i = 0; i < bits.length; i++) hash = Math.imul(hash ^ bits[i], 0x01000193);
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
