/** convolution: the steps beside cuFFT's transforms. */
import { fftSource, STEPS } from "../../../../../impls/convolution/cuda/prepare.js";
import { type Listed, onBoth } from "./listed.js";

/** @param all in bf16 too */
export function ofConvolution(all: boolean): Listed[] {
  const dtypes = all ? (["f32", "bf16"] as const) : (["f32"] as const);
  return dtypes.flatMap((dtype) =>
    STEPS.flatMap((step) => onBoth(fftSource({ dtype }, step), `${step} ${dtype}`)),
  );
}
