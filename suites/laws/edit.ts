/** Changes to given problems along named axes: slices, splices, permutations. Laws make their second problem with these. */
import type { Problem } from "../../impls/operator.js";
import type { GivenTensor } from "../../impls/tensor.js";

/** An input of a problem built from a spec, which has given values only. */
export function given(problem: Problem, name: string): GivenTensor {
  const source = problem.inputs[name];
  if (source?.kind !== "given") throw new Error(`${problem.operator}: ${name} has no given values`);
  return source;
}

/** The same problem with other inputs; shapes are the caller's business. */
export function withInputs<P extends Problem>(
  problem: P,
  inputs: Readonly<Record<string, GivenTensor | undefined>>,
  dims: Readonly<Record<string, number>> = {},
): P {
  return { ...problem, dims: { ...problem.dims, ...dims }, inputs: { ...problem.inputs, ...inputs } };
}

/** Changes every input that has the axis. */
export function alongAxis<P extends Problem>(
  problem: P,
  axes: readonly string[],
  change: (source: GivenTensor, axis: string, name: string) => GivenTensor,
  dims: Readonly<Record<string, number>> = {},
): P {
  const inputs: Record<string, GivenTensor> = {};
  for (const name of Object.keys(problem.inputs)) {
    if (!problem.inputs[name]) continue;
    let source = given(problem, name);
    for (const axis of axes) if (source.axes.includes(axis)) source = change(source, axis, name);
    inputs[name] = source;
  }
  return withInputs(problem, inputs, dims);
}

/** Elements before, along and after one axis of a tensor in C order. */
function around({ axes, shape }: GivenTensor, axis: string): [outer: number, size: number, inner: number] {
  const at = axes.indexOf(axis);
  const product = (sizes: readonly number[]) => sizes.reduce((a, b) => a * b, 1);
  return [product(shape.slice(0, at)), shape[at], product(shape.slice(at + 1))];
}

/** Takes index from[i] of the axis for every i: a slice, a permutation, a repetition. */
export function take(source: GivenTensor, axis: string, from: readonly number[]): GivenTensor {
  const [outer, size, inner] = around(source, axis);
  const data = new Float64Array(outer * from.length * inner);
  for (let o = 0; o < outer; o++)
    for (const [i, index] of from.entries()) {
      const start = (o * size + index) * inner;
      data.set(source.data.subarray(start, start + inner), (o * from.length + i) * inner);
    }
  const shape = source.shape.map((length, a) => (source.axes[a] === axis ? from.length : length));
  return { ...source, shape, data };
}

/** Everything up to and including index `last` from the first tensor, everything after from the second. */
export function splice(first: GivenTensor, second: GivenTensor, axis: string, last: number): GivenTensor {
  const [outer, size, inner] = around(first, axis);
  const data = second.data.slice();
  for (let o = 0; o < outer; o++) {
    const start = o * size * inner;
    data.set(first.data.subarray(start, start + (last + 1) * inner), start);
  }
  return { ...first, data };
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

export function mapValues(
  source: GivenTensor,
  change: (value: number, index: number) => number,
): GivenTensor {
  return { ...source, data: source.data.map(change) };
}
