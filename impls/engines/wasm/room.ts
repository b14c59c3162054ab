import type { AnyOperator, Outputs, Problem } from "../../operator.js";
import { Layout } from "../cpu/layout.js";
import { sharesMemory } from "../platform.js";

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

/** The WebAssembly memory of a problem. Its size is known, so one that does not fit is refused before anything is allocated. */
export class Room<Op extends AnyOperator> extends Layout<Op> {
  #memory: WebAssembly.Memory | undefined;

  constructor(operator: Op, problem: Problem<Op>) {
    // Constants of the modules (asc's data segments) lie in the first page.
    super(operator, problem, { engine: "wasm", start: PAGE, margin: MARGIN });
  }

  words<Name extends string>(fields: readonly Name[], values: Readonly<Record<Name, number>>): Words<Name> {
    const address = this.reserve(fields.length * 4);
    const place = new Map(fields.map((name, i) => [name, address / 4 + i]));
    let view: Int32Array | undefined;
    this.fills.push((memory) => {
      view = new Int32Array(memory);
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
    if (this.bytes > MEMORY_LIMIT) {
      throw new Error(
        `${this.operator.name} needs ${this.bytes} bytes of WebAssembly memory, at most ${MEMORY_LIMIT} can be had`,
      );
    }
    const pages = Math.ceil(this.bytes / PAGE);
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: sharesMemory() });
    for (const fill of this.fills) fill(memory.buffer, 0);
    this.#memory = memory;
    return memory;
  }

  /** Views of the outputs, which the next run overwrites. */
  outputs(): Outputs<Op> {
    return this.outputsIn((this.#memory as WebAssembly.Memory).buffer);
  }
}
