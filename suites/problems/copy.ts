/** A problem of one's own: whoever writes into it, or into its inputs, changes nobody else's. */
import type { Problem } from "../../impls/operator.js";
import type { GivenTensor, TensorSource } from "../../impls/tensor.js";

/**
 * As `structuredClone`, which takes several times as long for what a problem is: plain objects and arrays of numbers. Values are copied
 * when somebody looks at them.
 */
export function copyOf(problem: Problem): Problem {
  const { dims, settings, inputs } = problem;
  const copied = Object.entries(inputs).map(([name, source]) => [name, source && copyOfSource(source)]);
  return { ...problem, dims: { ...dims }, settings: { ...settings }, inputs: Object.fromEntries(copied) };
}

function copyOfSource(source: TensorSource): TensorSource {
  const plain = { ...source, axes: [...source.axes], shape: [...source.shape] };
  if (plain.kind === "given") return withOwnData(plain);
  return plain.patch ? { ...plain, patch: { ...plain.patch } } : plain;
}

function withOwnData(source: GivenTensor): GivenTensor {
  let own: Float64Array | undefined;
  return {
    ...source,
    get data() {
      own ??= source.data.slice();
      return own;
    },
  };
}
