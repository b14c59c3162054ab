/** Every implementation of rms_norm_gated, in the order in which charts list them. */
import { fusedCpu } from "./fused.cpu.js";
import { fusedCuda } from "./fused.cuda.js";
import { fusedNative } from "./fused.native.js";
import { fusedWasm } from "./fused.wasm.js";
import { fusedWebgpu } from "./fused.webgpu.js";
import { rmsNormGated } from "./operator.js";

export { rmsNormGated };
export const implementations = [fusedWasm, fusedCpu, fusedWebgpu, fusedCuda, fusedNative];
