/** Every implementation of causal_conv1d, in the order in which charts list them. */
import { directCpu } from "./direct.cpu.js";
import { directCuda } from "./direct.cuda.js";
import { directNative } from "./direct.native.js";
import { directWasm } from "./direct.wasm.js";
import { directWebgpu } from "./direct.webgpu.js";
import { causalConv1d } from "./operator.js";

export { causalConv1d };
export const implementations = [directWasm, directCpu, directWebgpu, directCuda, directNative];
