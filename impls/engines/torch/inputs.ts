/** A problem's inputs as the Python process takes them: random ones as the keys of their stream, given ones as values. */
import { type AnyOperator, type InputSpecs, inputDtype, type Problem } from "../../operator.js";
import { streamKeys } from "../../random.js";
import { type Dtype, matrixShape, toFloat32 } from "../../tensor.js";

export type InputMessage =
  | {
      readonly kind: "random";
      readonly dtype: Dtype;
      readonly shape: readonly number[];
      readonly rows: number;
      readonly cols: number;
      readonly distribution: string;
      readonly k0: number;
      readonly k1: number;
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
      const { distribution, seed } = source;
      // logA is made of the same stream as dt (tensor.ts)
      const keys = streamKeys(seed, distribution === "logDecay" ? "dt" : source.name);
      const { rows, cols } = matrixShape(source);
      specs[name] = {
        kind: "random",
        dtype,
        shape,
        rows,
        cols,
        distribution,
        ...keys,
        last: shape.at(-1) ?? 1,
      };
    } else {
      const values = toFloat32(source, dtype as "f32");
      parts.push(Buffer.from(values.buffer, values.byteOffset, values.byteLength));
      specs[name] = { kind: "given", dtype, shape, bytes: values.byteLength };
    }
  }
  return { specs, data: Buffer.concat(parts) };
}
