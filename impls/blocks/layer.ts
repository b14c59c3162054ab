/** What every block has around its own map: the norm in front with the residual behind (a layer of a model), biases of its products. */

/** Present in a layer of a model: Y = u + block(norm(u)), norm(u) = u / sqrt(mean(u^2) + eps) * preNorm. */
export const preNormInput = { axes: ["modelDim"], optional: true, f32: true, random: "coherent" } as const;

/** Of the products in front and behind; f32 like other vectors of parameters. */
export const inBiasInput = { axes: ["projected"], optional: true, f32: true, random: "coherent" } as const;
export const outBiasInput = { axes: ["modelDim"], optional: true, f32: true, random: "coherent" } as const;

/** A weight of the block's products. */
export const inProjInput = { axes: ["projected", "modelDim"], random: "weight" } as const;
export const outProjInput = { axes: ["modelDim", "inner"], random: "weight" } as const;

/** A block's input: zero-mean, as behind a norm. */
export const blockInput = { axes: ["batch", "length", "modelDim"], random: "signed" } as const;

/** Where a size follows from others, what it must be. @returns one sentence about the first that is not so, or undefined */
export function contradiction(
  dims: Readonly<Record<string, number>>,
  wanted: Readonly<Record<string, number>>,
): string | undefined {
  const wrong = Object.entries(wanted).find(([dim, size]) => dims[dim] !== size);
  return wrong && `${wrong[0]} must be ${wrong[1]} here, got ${dims[wrong[0]]}`;
}
