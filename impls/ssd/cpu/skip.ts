import type { Layout } from "../../engines/cpu/layout.js";
import type { AnyOperator } from "../../operator.js";
import type { Asked } from "../operator.js";

/** Where D (h p) lies, 0 where there is none. One D a head is spread over its channels: kernels know one layout. */
export function skipOf(
  layout: Pick<Layout<AnyOperator>, "address" | "madeOf"> & {
    readonly problem: Pick<Asked, "dims" | "inputs">;
  },
): number {
  const { dims, inputs } = layout.problem;
  if (inputs.D?.axes.length !== 1) return layout.address.D;
  const perHead = { start: layout.address.D, count: dims.heads };
  return layout.madeOf(perHead, dims.heads * dims.headDim, (values, D) => {
    for (let i = 0; i < values.length; i++) values[i] = D[Math.floor(i / dims.headDim)];
  });
}
