/** A problem's inputs as the Python process takes them: random ones as the keys of their stream, given ones as values. */

import { type Change, changesBetween } from "../../change.js";
import { type AnyOperator, type InputSpecs, inputDtype, type Problem } from "../../operator.js";
import {
  type Dtype,
  matrixShape,
  type RandomTensor,
  streamOf,
  stretchesOf,
  toFloat32,
} from "../../tensor.js";

/** Rows of a random tensor, and the keys of the stream that they come of. */
export interface StretchMessage {
  readonly firstRow: number;
  readonly rows: number;
  readonly k0: number;
  readonly k1: number;
}

export type InputMessage =
  | {
      readonly kind: "random";
      readonly dtype: Dtype;
      readonly shape: readonly number[];
      readonly rows: number;
      readonly cols: number;
      readonly distribution: string;
      readonly stretches: readonly StretchMessage[];
      /** Size of the last axis. */
      readonly last: number;
    }
  | {
      readonly kind: "given";
      readonly dtype: Dtype;
      readonly shape: readonly number[];
      readonly bytes: number;
    };

/** `data` holds the given tensors one after another, float32 on the grid of their dtype. */
export function sendInputs(
  operator: AnyOperator,
  problem: Problem,
): { specs: Record<string, InputMessage>; data: Buffer } {
  const specs: Record<string, InputMessage> = {};
  const parts: Buffer[] = [];
  for (const name of Object.keys(operator.inputs as InputSpecs)) {
    const source = problem.inputs[name];
    if (!source) continue;
    const dtype = inputDtype(operator, problem, name);
    const { shape } = source;
    if (source.kind === "random") {
      specs[name] = randomMessage(source, dtype);
    } else {
      const values = toFloat32(source, dtype as "f32");
      parts.push(Buffer.from(values.buffer, values.byteOffset, values.byteLength));
      specs[name] = { kind: "given", dtype, shape, bytes: values.byteLength };
    }
  }
  return { specs, data: Buffer.concat(parts) };
}

function randomMessage(source: RandomTensor, dtype: Dtype): Extract<InputMessage, { kind: "random" }> {
  const { distribution, shape } = source;
  const { rows, cols } = matrixShape(source);
  const stretches = stretchesOf(source).map(({ seed, ...place }) => ({
    ...place,
    ...streamOf(source, seed),
  }));
  return { kind: "random", dtype, shape, rows, cols, distribution, stretches, last: shape.at(-1) ?? 1 };
}

/** What to rewrite to get from one set of inputs to another: for each input the rows, and the tensor as it shall be. */
export function sendChanges(operator: AnyOperator, from: Problem, to: Problem) {
  return changesBetween(from, to).map(({ name, source, firstRow, rows }: Change) => ({
    name,
    firstRow,
    rows,
    spec: randomMessage(source as RandomTensor, inputDtype(operator, to, name)),
  }));
}
