/** Every implementation of attention, in the order in which charts list them. */
import type { AnyImplementation } from "../implementation.js";
import { materialisedTfjs } from "./materialised.tfjs.js";
import { attention } from "./operator.js";

export { attention };
export const implementations: readonly AnyImplementation[] = [materialisedTfjs];
