/** The memory of a problem for native kernels: one array of JavaScript, aligned to a page, that never moves. */
import type { AnyOperator, Outputs, Problem } from "../../operator.js";
import { Layout } from "../cpu/layout.js";
import type { Library } from "./library.js";

const PAGE = 4096;
/** A whole cache line between tensors: kernels read and write nothing behind an end, which builds with AddressSanitizer hold them to. */
const MARGIN = 64;

type Memory = Pick<Library, "address_of" | "guard">;

export class NativeRoom<Op extends AnyOperator> extends Layout<Op> {
  #buffer = new ArrayBuffer(0);
  #skipped = 0;
  #base = 0n;

  /** @param guard for a kernel of a user: so many bytes before and behind each tensor that it cannot touch and live */
  constructor(
    operator: Op,
    problem: Problem<Op>,
    private readonly guard?: number,
  ) {
    super(operator, problem, {
      ...{ engine: "native", start: guard ?? PAGE, margin: MARGIN },
      ...(guard ? { guard } : {}),
    });
  }

  /** Where offset 0 lies. */
  get base(): bigint {
    return this.#base;
  }

  open(library: Memory): void {
    const page = this.guard ?? PAGE;
    this.#buffer = new ArrayBuffer(this.bytes + page);
    const start = BigInt(library.address_of(new Uint8Array(this.#buffer)));
    // large arrays of Node begin 16 bytes behind a page: vectors would cross the lines of the cache
    this.#skipped = (page - Number(start % BigInt(page))) % page;
    this.#base = start + BigInt(this.#skipped);
    for (const fill of this.fills) fill(this.#buffer, this.#skipped);
    this.guardGaps(library, true);
  }

  close(library: Memory): void {
    this.guardGaps(library, false);
  }

  view(offset: number, count: number): Float32Array {
    return new Float32Array(this.#buffer, this.#skipped + offset, count);
  }

  /** Views of the outputs, which the next run overwrites. */
  outputs(): Outputs<Op> {
    return this.outputsIn(this.#buffer, this.#skipped);
  }

  /** Bytes of inputs, outputs and scratch, without what lies between them. */
  get pieceBytes(): number {
    return this.pieces.reduce((sum, { start, end }) => sum + end - start, 0);
  }

  /** What lies between a guarded tensor and its guards, at most so many bytes that no page of their own begins there. */
  slack(): { readonly before: Uint32Array; readonly behind: Uint32Array }[] {
    const { guard = PAGE } = this;
    const words = (from: number, to: number) =>
      new Uint32Array(this.#buffer, this.#skipped + from, (to - from) / 4);
    return this.pieces.map(({ start, end }) => ({
      before: words(Math.floor(start / guard) * guard, start),
      behind: words(end, Math.ceil(end / guard) * guard),
    }));
  }

  private guardGaps(library: Memory, closed: boolean): void {
    const { guard } = this;
    if (guard !== undefined) {
      const fences = [0, ...this.pieces.map(({ end }) => Math.ceil(end / guard) * guard)];
      for (const at of fences) library.guard(this.#base + BigInt(at), guard, closed ? 1 : 0);
      return;
    }
    this.pieces.forEach(({ end }, i) => {
      const next = this.pieces[i + 1]?.start ?? this.bytes;
      library.guard(this.#base + BigInt(end), next - end, closed ? 1 : 0);
    });
  }
}
