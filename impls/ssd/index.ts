/** Every implementation of ssd, in the order in which charts list them. */
import type { AnyImplementation } from "../implementation.js";
import { chunkedTfjs } from "./chunked.tfjs.js";
import { ssd } from "./operator.js";
import { quadraticTfjs } from "./quadratic.tfjs.js";
import { recurrentCpu } from "./recurrent.cpu.js";
import { scanTfjs } from "./scan.tfjs.js";

export { ssd };
export const implementations: readonly AnyImplementation[] = [
  recurrentCpu,
  quadraticTfjs,
  chunkedTfjs,
  scanTfjs,
];
