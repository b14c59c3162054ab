/** Every implementation of attention, in the order in which charts list them. */
import { materialisedCpu } from "./materialised.cpu.js";
import { materialisedTfjs } from "./materialised.tfjs.js";
import { attention } from "./operator.js";
import { tiledCpu } from "./tiled.cpu.js";
import { tiledWasm } from "./tiled.wasm.js";

export { attention };
export const implementations = [tiledWasm, tiledCpu, materialisedCpu, materialisedTfjs];
