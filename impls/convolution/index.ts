/** Every implementation of convolution, in the order in which charts list them. */
import { fftCpu } from "./fft.cpu.js";
import { fftCuda } from "./fft.cuda.js";
import { fftNative } from "./fft.native.js";
import { fftOnnxruntime } from "./fft.onnxruntime.js";
import { fftTfjs } from "./fft.tfjs.js";
import { fftTorch } from "./fft.torch.js";
import { fftWasm } from "./fft.wasm.js";
import { fftWebgpu } from "./fft.webgpu.js";
import { convolution } from "./operator.js";
import { recurrentCpu } from "./recurrent.cpu.js";

export { ltiProblem } from "./reference/lti.js";
export { convolution };
export const implementations = [
  fftNative,
  fftWasm,
  fftCpu,
  fftTfjs,
  recurrentCpu,
  fftWebgpu,
  fftCuda,
  ...fftTorch,
  fftOnnxruntime,
];
