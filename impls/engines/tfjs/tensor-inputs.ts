/**
 * Inputs as tensors. A tensor never changes, so another set of inputs is other tensors: a program that keeps what it made of the old
 * ones, by whatever name, has nothing to find.
 */
import type { Tensor } from "@tensorflow/tfjs-core";
import { type Change, changesBetween } from "../../change.js";
import { type AnyOperator, type InputSpecs, inputDtype, type Problem } from "../../operator.js";
import { matrixShape, toFloat32, writeRows } from "../../tensor.js";
import type { TensorOps } from "./backends.js";

export class TensorInputs {
  readonly tensors: Record<string, Tensor | undefined> = {};
  private current: Problem;
  /** Rows that were there before the last change. */
  private kept: { readonly problem: Problem; readonly values: readonly Float32Array[] } | undefined;

  constructor(
    private readonly tf: TensorOps,
    private readonly operator: AnyOperator,
    problem: Problem,
  ) {
    this.current = problem;
    for (const name of Object.keys(operator.inputs as InputSpecs)) {
      const source = problem.inputs[name];
      this.tensors[name] = source && tf.tensor(toFloat32(source, this.dtype(name)), [...source.shape]);
    }
  }

  get bytes(): number {
    return Object.values(this.tensors).reduce((sum, tensor) => sum + (tensor?.size ?? 0) * 4, 0);
  }

  async rewrite(next: Problem): Promise<void> {
    const changes = changesBetween(this.current, next);
    const known = this.kept?.problem === next ? this.kept.values : undefined;
    const values: Float32Array[] = [];
    for (const [i, change] of changes.entries()) values.push(await this.replace(change, known?.[i]));
    this.kept = { problem: this.current, values };
    this.current = next;
  }

  /** @returns the rows that were there */
  private async replace(change: Change, known: Float32Array | undefined): Promise<Float32Array> {
    const { name, source, firstRow, rows } = change;
    const { cols } = matrixShape(source);
    const old = this.tensors[name]!;
    // a copy: some backends give a view of their own memory
    const whole = Float32Array.from(await old.data());
    const place = whole.subarray(firstRow * cols, (firstRow + rows) * cols);
    const before = place.slice();
    if (known) place.set(known);
    else writeRows(source, this.dtype(name), firstRow, rows, place);
    old.dispose();
    this.tensors[name] = this.tf.tensor(whole, [...source.shape]);
    return before;
  }

  private dtype(name: string): "f32" {
    return inputDtype(this.operator, this.current, name) as "f32";
  }

  dispose(): void {
    for (const tensor of Object.values(this.tensors)) tensor?.dispose();
  }
}
