/** The memory of a problem for native kernels: one array of JavaScript, aligned to a page, that never moves. */
import type { AnyOperator, Outputs, Problem } from "../../operator.js";
import { Layout } from "../cpu/layout.js";
import type { Library } from "./library.js";

const PAGE = 4096;
/** A whole cache line between tensors: kernels read and write nothing behind an end, which builds with AddressSanitizer hold them to. */
const MARGIN = 64;

export class NativeRoom<Op extends AnyOperator> extends Layout<Op> {
  #buffer = new ArrayBuffer(0);
  #skipped = 0;
  #base = 0n;

  constructor(operator: Op, problem: Problem<Op>) {
    super(operator, problem, { engine: "native", start: PAGE, margin: MARGIN });
  }

  /** Where offset 0 lies. */
  get base(): bigint {
    return this.#base;
  }

  open(library: Library): void {
    this.#buffer = new ArrayBuffer(this.bytes + PAGE);
    const start = BigInt(library.address_of(new Uint8Array(this.#buffer)));
    // large arrays of Node begin 16 bytes behind a page: vectors would cross the lines of the cache
    this.#skipped = (PAGE - Number(start % BigInt(PAGE))) % PAGE;
    this.#base = start + BigInt(this.#skipped);
    for (const fill of this.fills) fill(this.#buffer, this.#skipped);
    this.guardGaps(library, true);
  }

  close(library: Library): void {
    this.guardGaps(library, false);
  }

  view(offset: number, count: number): Float32Array {
    return new Float32Array(this.#buffer, this.#skipped + offset, count);
  }

  /** Views of the outputs, which the next run overwrites. */
  outputs(): Outputs<Op> {
    return this.outputsIn(this.#buffer, this.#skipped);
  }

  private guardGaps(library: Library, closed: boolean): void {
    this.pieces.forEach(({ end }, i) => {
      const next = this.pieces[i + 1]?.start ?? this.bytes;
      library.guard(this.#base + BigInt(end), next - end, closed ? 1 : 0);
    });
  }
}
