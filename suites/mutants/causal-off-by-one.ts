/** Every query sees one key of the future. */
import { wrongAttention } from "./wrong-attention.js";

export const causalOffByOne = wrongAttention("causal-off-by-one", { seesAhead: 1 });
