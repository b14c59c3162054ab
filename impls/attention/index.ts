/** Every implementation of attention, in the order in which charts list them. */
import type { AnyImplementation } from "../implementation.js";
import { materialisedWebgpu } from "./materialised.webgpu.js";
import { attention } from "./operator.js";
import { tiledWebgpu } from "./tiled.webgpu.js";

export { attention };
export const implementations: readonly AnyImplementation[] = [materialisedWebgpu, tiledWebgpu];
