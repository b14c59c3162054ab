/** An online softmax that meets a larger logit in a later tile and leaves the earlier ones as they are. */
import { wrongAttention } from "./wrong-attention.js";

export const softmaxWithoutRescale = wrongAttention("softmax-without-rescale", { noRescale: true });
