/** Every implementation of attention_block, in the order in which charts list them. */
import type { AnyImplementation } from "../implementation.js";
import { attentionBlock } from "./operator.js";

export { attentionBlock };
export const implementations: readonly AnyImplementation[] = [];
