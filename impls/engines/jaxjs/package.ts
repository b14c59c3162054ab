/**
 * jax-js, an optional peer that `open` imports: the part of its API that is used here, so that nothing needs the package to be
 * compiled. A jax-js array is consumed by the function that it is given to; `ref` keeps it.
 */
import { optionalPackage } from "../optional-package.js";
import { jaxJs } from "./needed.js";

export interface JaxArray {
  readonly ref: this;
  readonly shape: readonly number[];
  data(): Promise<Float32Array>;
  dispose(): void;
}

export function disposeAll(arrays: Readonly<Record<string, JaxArray>>): void {
  for (const array of Object.values(arrays)) array.dispose();
}

export type Operand = JaxArray | number;

/** Numpy's functions as jax-js has them. */
interface Numpy {
  array(values: Float32Array, options: { readonly shape: readonly number[] }): JaxArray;
  full(shape: readonly number[], value: number): JaxArray;
  add(x: Operand, y: Operand): JaxArray;
  subtract(x: Operand, y: Operand): JaxArray;
  multiply(x: Operand, y: Operand): JaxArray;
  divide(x: Operand, y: Operand): JaxArray;
  maximum(x: Operand, y: Operand): JaxArray;
  greater(x: Operand, y: Operand): JaxArray;
  negative(x: JaxArray): JaxArray;
  exp(x: JaxArray): JaxArray;
  where(condition: JaxArray, x: Operand, y: Operand): JaxArray;
  max(x: JaxArray, axis: number, options: { readonly keepdims: boolean }): JaxArray;
  sum(x: JaxArray, axis: number, options: { readonly keepdims: boolean }): JaxArray;
  cumsum(x: JaxArray, axis: number): JaxArray;
  reshape(x: JaxArray, shape: readonly number[]): JaxArray;
  transpose(x: JaxArray, perm: readonly number[]): JaxArray;
  pad(x: JaxArray, width: readonly (readonly [number, number])[]): JaxArray;
  concatenate(parts: readonly JaxArray[], axis: number): JaxArray;
  split(x: JaxArray, at: readonly number[], axis: number): JaxArray[];
  einsum(...operandsAndIndices: readonly (JaxArray | readonly number[])[]): JaxArray;
}

/** What programs are written in: numpy's functions, none of which consumes what it is given, and einsum by letters. */
export type JaxOps = Omit<Numpy, "einsum"> & {
  einsum(letters: string, ...operands: readonly JaxArray[]): JaxArray;
};

export interface Jax {
  readonly numpy: Numpy;
  init(device: "wasm"): Promise<readonly string[]>;
  defaultDevice(device: "wasm"): void;
  jit<In, Out>(compute: (inputs: In) => Out): ((inputs: In) => Out) & { dispose(): void };
  blockUntilReady<T>(arrays: T): Promise<T>;
}

/** @throws EngineAbsent with the command that adds the package */
export function loadJax(name = jaxJs.name): Promise<Jax> {
  return optionalPackage<Jax>({ ...jaxJs, name }, async (jax) => {
    // by name: without one it looks for WebGPU through `navigator`, which Node 20 lacks
    await jax.init("wasm");
    jax.defaultDevice("wasm");
    return jax;
  });
}

/**
 * Nothing is consumed: while a function is traced, what it leaves behind holds no memory. Letters become lists of axes, because the
 * parser of letters in jax-js needs iterator helpers, which Node 20 lacks.
 */
export function opsOf({ numpy }: Jax): JaxOps {
  const kept = (argument: unknown): unknown => {
    if (isArray(argument)) return argument.ref;
    return Array.isArray(argument) ? argument.map(kept) : argument;
  };
  return new Proxy({} as JaxOps, {
    get: (_target, name: string) => {
      if (name === "einsum")
        return (letters: string, ...operands: readonly JaxArray[]) =>
          numpy.einsum(...einsumArguments(letters, operands.map(kept) as JaxArray[]));
      const own = numpy[name as keyof Numpy] as (...given: unknown[]) => unknown;
      return (...given: unknown[]) => own(...given.map(kept));
    },
  });
}

function isArray(value: unknown): value is JaxArray {
  return typeof value === "object" && value !== null && "ref" in value && "shape" in value;
}

/** `ab,bc->ac` as (operand, axes) pairs and the axes of the result. */
export function einsumArguments<T>(letters: string, operands: readonly T[]): (T | number[])[] {
  const [given, result] = letters.split("->");
  const axes = (word: string) => [...word].map((letter) => letter.charCodeAt(0) - "a".charCodeAt(0));
  return [...given.split(",").flatMap((word, i) => [operands[i], axes(word)]), axes(result)];
}
