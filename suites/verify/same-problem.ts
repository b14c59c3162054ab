/** Problems that are equal in every bit, whoever made them. */
import type { Problem } from "../../impls/operator.js";
import type { TensorSource } from "../../impls/tensor.js";

export function isSameProblem(a: Problem, b: Problem): boolean {
  return (
    a.operator === b.operator &&
    a.dtype === b.dtype &&
    a.seed === b.seed &&
    isSamePlain(a.dims, b.dims) &&
    isSamePlain(a.settings, b.settings) &&
    namesOf(a).every((name) => b.inputs[name] && isSameSource(a.inputs[name]!, b.inputs[name])) &&
    namesOf(a).length === namesOf(b).length
  );
}

const namesOf = ({ inputs }: Problem) => Object.keys(inputs).filter((name) => inputs[name]);

function isSamePlain(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => Object.is(a[name], b[name]));
}

function isSameSource(a: TensorSource, b: TensorSource): boolean {
  if (a.kind === "given" && b.kind === "given")
    return isSameList(a.axes, b.axes) && isSameList(a.shape, b.shape) && isSameBits(a.data, b.data);
  return JSON.stringify(a) === JSON.stringify(b);
}

function isSameList(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((one, i) => one === b[i]);
}

/** 0 and -0 differ, a NaN equals itself. */
function isSameBits(a: Float64Array, b: Float64Array): boolean {
  return Buffer.compare(bytesOf(a), bytesOf(b)) === 0;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float64Array) =>
  new Uint8Array(buffer, byteOffset, byteLength);
