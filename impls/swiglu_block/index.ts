/** Every implementation of swiglu_block, in the order in which charts list them. */
import type { AnyImplementation } from "../implementation.js";
import { swigluBlock } from "./operator.js";

export { swigluBlock };
export const implementations: readonly AnyImplementation[] = [];
