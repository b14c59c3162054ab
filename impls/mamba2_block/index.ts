/** Every implementation of mamba2_block, in the order in which charts list them. */
import type { AnyImplementation } from "../implementation.js";
import { mamba2Block } from "./operator.js";

export { mamba2Block };
export const implementations: readonly AnyImplementation[] = [];
