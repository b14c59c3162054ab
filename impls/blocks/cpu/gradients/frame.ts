/** What every block has around its own stages on the way forward and back: the norm in front, both projections, the residual. */
import { normStep } from "./norm.js";
import { productStep } from "./product.js";
import { type Pair, Tape } from "./tape.js";

/** Arrays by name: an input x of a block is `x`, its gradient `dx`. */
export type Named = Readonly<Record<string, Float32Array | undefined>>;

/** A block's both ways on the host. */
export interface Ways {
  /** Y from u and the weights. */
  forward(): void;
  /** All gradients from dY, of the last `forward`. */
  backward(): void;
}

export class Frame {
  readonly tape = new Tape();
  readonly #u: Pair;
  readonly #Y: Pair;
  readonly #isLayer: boolean;

  /** @param inputs those of the block and dY. @param outputs a gradient of each, and Y where it is asked for */
  constructor(
    readonly inputs: Named,
    readonly outputs: Named,
    readonly sizes: { readonly modelDim: number; readonly tokens: number; readonly eps: number },
  ) {
    this.#isLayer = inputs.preNorm !== undefined;
    this.#u = this.tape.around(inputs.u!, outputs.du!);
    // training gives Y; where nobody asks for it, it is not made
    this.#Y = { value: outputs.Y ?? new Float32Array(inputs.dY!.length), grad: inputs.dY! };
  }

  /** So many numbers of each token. */
  perToken(numbers: number): Pair {
    return this.tape.pair(this.sizes.tokens * numbers);
  }

  /** A weight and its bias by name. */
  weighted(name: string, columns: number, bias?: string) {
    const { inputs, outputs } = this;
    return {
      ...{ W: inputs[name]!, dW: outputs[`d${name}`]!, columns },
      ...(bias ? { bias: inputs[bias], dBias: outputs[`d${bias}`] } : {}),
    };
  }

  /** 0. norm, 1. project. @returns the projected rows */
  begin(projected: number): Pair {
    const { tape, inputs, outputs, sizes } = this;
    const { modelDim, eps } = sizes;
    const rows = this.perToken(projected);
    if (!inputs.preNorm) {
      tape.add(productStep(this.weighted("inProj", modelDim, "inBias"), this.#u, rows));
      return rows;
    }
    const v = this.perToken(modelDim);
    const norm = { weight: inputs.preNorm, dWeight: outputs.dpreNorm!, size: modelDim, eps };
    tape.add(normStep(norm, this.#u, v));
    tape.add(productStep(this.weighted("inProj", modelDim, "inBias"), v, rows));
    return rows;
  }

  /** 6. project, and the residual. */
  end(rows: Pair, inner: number): Ways {
    const { tape } = this;
    const [u, Y] = [this.#u, this.#Y];
    tape.add(productStep(this.weighted("outProj", inner, "outBias"), rows, Y));
    return {
      forward: () => {
        tape.forward();
        if (this.#isLayer) for (let i = 0; i < Y.value.length; i++) Y.value[i] += u.value[i];
      },
      backward: () => tape.backward(() => this.#isLayer && u.grad.set(Y.grad)),
    };
  }
}
