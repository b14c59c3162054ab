import type { Layout } from "../../engines/cpu/layout.js";
import type { AnyOperator } from "../../operator.js";
import { readerOf } from "../../tensor.js";
import type { Asked } from "../operator.js";

/** Where D (h p) lies, 0 where there is none. One D a head is spread over its channels: kernels know one layout. */
export function skipOf(
  layout: Pick<Layout<AnyOperator>, "address" | "floats"> & {
    readonly problem: Pick<Asked, "dims" | "inputs">;
  },
): number {
  const { dims, inputs } = layout.problem;
  const perHead = inputs.D?.axes.length === 1 ? readerOf(inputs.D, "f32") : undefined;
  if (!perHead) return layout.address.D;
  return layout.floats(dims.heads * dims.headDim, (D) => {
    for (let i = 0; i < D.length; i++) D[i] = perHead.at(0, Math.floor(i / dims.headDim));
  });
}
