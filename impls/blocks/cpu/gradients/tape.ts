/** Stages of a block in the order in which they run, and backward in the other: each adds to the gradients of what it was given. */

/** A stage's numbers and the gradient of them, as long as each other. */
export interface Pair {
  readonly value: Float32Array;
  readonly grad: Float32Array;
}

export interface Step {
  forward(): void;
  /** Adds to the gradients of the stage's inputs; those of weights it writes. */
  backward(): void;
}

export class Tape {
  readonly #steps: Step[] = [];
  readonly #gradients: Float32Array[] = [];

  /** Zeros between two stages. */
  pair(length: number): Pair {
    return this.around(new Float32Array(length), new Float32Array(length));
  }

  /** Numbers that lie somewhere already. @param grad cleared before each way back */
  around(value: Float32Array, grad: Float32Array): Pair {
    this.#gradients.push(grad);
    return { value, grad };
  }

  add(...steps: readonly Step[]): void {
    this.#steps.push(...steps);
  }

  forward(): void {
    for (const step of this.#steps) step.forward();
  }

  /** @param begin puts cotangents where the way back begins */
  backward(begin: () => void): void {
    for (const gradient of this.#gradients) gradient.fill(0);
    begin();
    for (let i = this.#steps.length - 1; i >= 0; i--) this.#steps[i].backward();
  }
}
