/** Inputs of a problem on jax-js. */
import { type AnyOperator, inputDtype, type Problem } from "../../operator.js";
import { toFloat32, writeRows } from "../../tensor.js";
import { extentOf, KeptInputs } from "../cpu/kept-inputs.js";
import { disposeAll, type Jax, type JaxArray } from "./package.js";

/** Inputs as arrays, which never change: another set of inputs is other arrays, made from the values that are kept here. */
export class ArrayInputs {
  private readonly host: Record<string, Float32Array> = {};
  private readonly shapes: Record<string, readonly number[]> = {};
  private readonly arrays: Record<string, JaxArray> = {};
  private readonly live: KeptInputs;
  /** Inputs of which a rewrite has changed values. */
  private readonly changed = new Set<string>();

  constructor(
    private readonly jax: Jax,
    operator: AnyOperator,
    problem: Problem,
  ) {
    const dtypeOf = (name: string) => inputDtype(operator, problem, name) as "f32";
    for (const [name, source] of Object.entries(problem.inputs)) {
      if (!source) continue;
      this.host[name] = toFloat32(source, dtypeOf(name));
      this.shapes[name] = source.shape;
      this.upload(name);
    }
    this.live = new KeptInputs(
      problem,
      (change) => {
        this.changed.add(change.name);
        const { first, count } = extentOf(change);
        return [this.host[change.name].subarray(first, first + count)];
      },
      ({ name, source, firstRow, rows }, [place]) => writeRows(source, dtypeOf(name), firstRow, rows, place),
    );
  }

  get bytes(): number {
    return Object.values(this.host).reduce((sum, { byteLength }) => sum + 2 * byteLength, 0);
  }

  /** References for one call. */
  kept(): Record<string, JaxArray> {
    return Object.fromEntries(Object.entries(this.arrays).map(([name, array]) => [name, array.ref]));
  }

  rewrite(next: Problem): void {
    this.changed.clear();
    this.live.rewrite(next);
    for (const name of this.changed) this.upload(name);
  }

  dispose(): void {
    disposeAll(this.arrays);
  }

  private upload(name: string): void {
    this.arrays[name]?.dispose();
    this.arrays[name] = this.jax.numpy.array(this.host[name], { shape: this.shapes[name] });
  }
}
