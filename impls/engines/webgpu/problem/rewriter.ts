/** Other values in the buffers that a case's kernels are bound to. */
import { changesBetween } from "../../../change.js";
import type { Problem } from "../../../operator.js";
import type { RandomTensor } from "../../../tensor.js";
import type { Kernel } from "../device/device.js";
import { submit } from "../device/kernel.js";
import type { OwnedBuffers } from "../device/owned.js";
import { randomKernels } from "./inputs.js";
import type { Piece } from "./outputs.js";

export class InputRewriter {
  /** What makes inputs, by their place and source: a set of inputs comes back, its kernels are made once. */
  readonly #writers = new Map<string, Promise<Kernel[]>>();
  /** Whose inputs the buffers hold. */
  #current: Problem;

  constructor(
    private readonly owned: OwnedBuffers,
    problem: Problem,
    private readonly inputs: readonly Piece[],
  ) {
    this.#current = problem;
  }

  async rewrite(next: Problem): Promise<void> {
    const { gpu } = this.owned;
    const kernels = changesBetween(this.#current, next).flatMap(({ name, source }) =>
      this.inputs
        .filter((piece) => piece.name === name)
        .map((piece) => this.#writer(piece, source as RandomTensor)),
    );
    submit(gpu, (await Promise.all(kernels)).flat());
    await gpu.device.queue.onSubmittedWorkDone();
    gpu.assertAlive();
    this.#current = next;
  }

  #writer({ name, buffer, dtype, base, count }: Piece, source: RandomTensor): Promise<Kernel[]> {
    const key = `${name} ${base} ${count} ${JSON.stringify(source)}`;
    const known =
      this.#writers.get(key) ?? randomKernels(this.owned, source, dtype, buffer, { first: base, count });
    this.#writers.set(key, known);
    return known;
  }
}
