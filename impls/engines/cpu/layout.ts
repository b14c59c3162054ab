/** Lays out one memory of the host for a problem before the memory exists: tensors, tables, scratch. */
import {
  type AnyOperator,
  type InputSpecs,
  inputDtype,
  type Outputs,
  outputNames,
  outputSize,
  type Problem,
} from "../../operator.js";
import { elementCount } from "../../tensor.js";

export interface LayoutOptions {
  readonly engine: string;
  /** Bytes in front of the first tensor, at least one: 0 stands for an input that the problem has not. */
  readonly start: number;
  /** Bytes behind each piece that belong to no other. */
  readonly margin: number;
  /** In place of a margin: pieces end where so many bytes begin that belong to nobody, at a multiple of their number. */
  readonly guard?: number;
}

/** Numbers: where they begin, and how many. */
export interface Extent {
  readonly start: number;
  readonly count: number;
}
/** Numbers that follow from an input, and how. */
export interface Made {
  readonly from: Extent;
  readonly to: Extent;
  readonly make: (values: Float32Array, input: Float32Array) => void;
}

export class Layout<Op extends AnyOperator> {
  /** Byte offset of every input and output; 0 for one that the problem has not. */
  readonly address: Readonly<Record<string, number>>;
  /** Where each piece begins and ends, in order. */
  protected readonly pieces: { readonly start: number; readonly end: number }[] = [];
  protected readonly fills: ((memory: ArrayBufferLike, base: number) => void)[] = [];
  readonly made: Made[] = [];
  #end: number;

  constructor(
    readonly operator: Op,
    readonly problem: Problem<Op>,
    private readonly options: LayoutOptions,
  ) {
    this.#end = options.start;
    const address: Record<string, number> = {};
    for (const name of Object.keys(operator.inputs as InputSpecs)) {
      const source = (problem.inputs as Problem["inputs"])[name];
      address[name] = source ? this.reserve(elementCount(source.shape) * 4) : 0;
    }
    for (const name of Object.keys(operator.outputs)) address[name] = 0;
    for (const name of outputNames(operator, problem as Problem))
      address[name] = this.reserve(outputSize(operator, problem, name) * 4);
    this.address = address;
  }

  get bytes(): number {
    return this.#end;
  }

  /** Zeroed bytes, 64-byte aligned. */
  reserve(bytes: number): number {
    const { margin, guard } = this.options;
    const whole = Math.ceil(bytes / 64) * 64;
    const start = guard
      ? Math.ceil((this.#end + whole) / guard) * guard - whole
      : Math.ceil(this.#end / 64) * 64;
    this.#end = guard ? start + whole + guard : start + bytes + margin;
    this.pieces.push({ start, end: start + bytes });
    return start;
  }

  /** A table that `fill` writes once the memory exists. */
  floats(count: number, fill: (values: Float32Array) => void): number {
    const start = this.reserve(count * 4);
    this.fills.push((memory, base) => fill(new Float32Array(memory, base + start, count)));
    return start;
  }

  /** A table that `make` writes out of an input, again whenever inputs are rewritten. */
  madeOf(from: Extent, count: number, make: Made["make"]): number {
    const start = this.reserve(count * 4);
    this.made.push({ from, to: { start, count }, make });
    return start;
  }

  /** Views of the outputs, which the next run overwrites. @param base where offset 0 lies in the memory */
  protected outputsIn(memory: ArrayBufferLike, base = 0): Outputs<Op> {
    return Object.fromEntries(
      outputNames(this.operator, this.problem as Problem).map((name) => [
        name,
        new Float32Array(memory, base + this.address[name], outputSize(this.operator, this.problem, name)),
      ]),
    ) as Outputs<Op>;
  }

  get outputBytes(): number {
    return outputNames(this.operator, this.problem as Problem).reduce(
      (sum, name) => sum + outputSize(this.operator, this.problem, name) * 4,
      0,
    );
  }

  dtype(name: string): "f32" {
    const dtype = inputDtype(this.operator, this.problem as Problem, name);
    if (dtype !== "f32")
      throw new Error(
        `${this.operator.name}: ${name} is ${dtype}, the ${this.options.engine} engine has f32 only`,
      );
    return dtype;
  }
}
