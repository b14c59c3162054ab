import {
  type AnyOperator,
  type InputSpecs,
  inputDtype,
  type Outputs,
  outputSize,
  type Problem,
} from "../../operator.js";
import { elementCount } from "../../tensor.js";

const PAGE = 65536;
/** WebAssembly addresses are 32 bits wide. */
export const MEMORY_LIMIT = 2 ** 32 - PAGE;
/** Kernels read whole vectors: up to this many bytes behind a tensor's end, which must exist but never count. */
const MARGIN = 128;

/** The block of arguments of a kernel: 4-byte words by name, in the order of the fields of the kernel's `Args` class. */
export interface Words<Name extends string> {
  readonly address: number;
  set(name: Name, value: number): void;
}

/**
 * Lays out one memory for a problem before the memory exists: tensors, arguments, tables, scratch. The sizes are known, so a
 * problem that does not fit is refused before anything is allocated.
 */
export class Room<Op extends AnyOperator> {
  /** Byte address of every input and output; 0 for an optional input that the problem has not. */
  readonly address: Readonly<Record<string, number>>;
  // Constants of the modules (asc's data segments) lie in the first page.
  #end = PAGE;
  #memory: WebAssembly.Memory | undefined;
  readonly #fills: ((memory: WebAssembly.Memory) => void)[] = [];

  constructor(
    readonly operator: Op,
    readonly problem: Problem<Op>,
  ) {
    const address: Record<string, number> = {};
    for (const name of Object.keys(operator.inputs as InputSpecs)) {
      const source = (problem.inputs as Problem["inputs"])[name];
      address[name] = source ? this.reserve(elementCount(source.shape) * 4) : 0;
    }
    for (const name of Object.keys(operator.outputs))
      address[name] = this.reserve(outputSize(operator, problem, name) * 4);
    this.address = address;
  }

  get bytes(): number {
    return this.#end;
  }

  /** Zeroed bytes, 64-byte aligned. */
  reserve(bytes: number): number {
    const start = Math.ceil(this.#end / 64) * 64;
    this.#end = start + bytes + MARGIN;
    return start;
  }

  /** A table that `fill` writes once the memory exists. */
  floats(count: number, fill: (values: Float32Array) => void): number {
    const start = this.reserve(count * 4);
    this.#fills.push((memory) => fill(new Float32Array(memory.buffer, start, count)));
    return start;
  }

  words<Name extends string>(fields: readonly Name[], values: Readonly<Record<Name, number>>): Words<Name> {
    const address = this.reserve(fields.length * 4);
    const place = new Map(fields.map((name, i) => [name, address / 4 + i]));
    let view: Int32Array | undefined;
    this.#fills.push((memory) => {
      view = new Int32Array(memory.buffer);
      for (const name of fields) view[place.get(name) as number] = values[name];
    });
    return {
      address,
      set: (name, value) => {
        (view as Int32Array)[place.get(name) as number] = value;
      },
    };
  }

  /** The memory, with a maximum (its exact size): nothing in it ever grows. */
  open(): WebAssembly.Memory {
    if (this.#end > MEMORY_LIMIT) {
      throw new Error(
        `${this.operator.name} needs ${this.#end} bytes of WebAssembly memory, at most ${MEMORY_LIMIT} can be had`,
      );
    }
    const pages = Math.ceil(this.#end / PAGE);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    for (const fill of this.#fills) fill(memory);
    this.#memory = memory;
    return memory;
  }

  /** Views of the outputs, which the next run overwrites. */
  outputs(): Outputs<Op> {
    const { buffer } = this.#memory as WebAssembly.Memory;
    return Object.fromEntries(
      Object.keys(this.operator.outputs).map((name) => [
        name,
        new Float32Array(buffer, this.address[name], outputSize(this.operator, this.problem, name)),
      ]),
    ) as Outputs<Op>;
  }

  get outputBytes(): number {
    return Object.keys(this.operator.outputs).reduce(
      (sum, name) => sum + outputSize(this.operator, this.problem, name) * 4,
      0,
    );
  }

  dtype(name: string): "f32" {
    const dtype = inputDtype(this.operator, this.problem as Problem, name);
    if (dtype !== "f32")
      throw new Error(`${this.operator.name}: ${name} is ${dtype}, the wasm engine has f32 only`);
    return dtype;
  }
}
