/** Every implementation of mamba1_block, in the order in which charts list them. */
import type { AnyImplementation } from "../implementation.js";
import { mamba1Block } from "./operator.js";

export { mamba1Block };
export const implementations: readonly AnyImplementation[] = [];
