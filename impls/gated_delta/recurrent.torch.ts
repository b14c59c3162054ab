/** The recurrence on torch: flash-linear-attention's kernel. In torch ops it would be a launch for each token. */
import { fla } from "./torch/fla.js";

export const recurrentTorch = fla("recurrent");
