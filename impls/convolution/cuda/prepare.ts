/** The steps of the FFT form: for each part of the channels its kernels' spectra, then each batch entry's signals forth and back. */
import type { CudaEngine } from "../../engines/cuda.js";
import type { Problem } from "../../operator.js";
import { type Convolution, convolution } from "../operator.js";
import { channelsTogether, paddedLength } from "./plan.js";

const url = new URL("./fft.cu", import.meta.url);
export const STEPS = ["rows_of_kernels", "rows_of_signals", "multiply", "signals_of_rows"] as const;
type Step = (typeof STEPS)[number];

/** The source of one step, and the definitions it is compiled with. */
export function fftSource({ dtype }: Pick<Problem<Convolution>, "dtype">, step: Step) {
  const entries = STEPS.map((one) => [`ENTRY_${one.toUpperCase()}`, one === step ? 1 : 0] as const);
  return {
    libraries: ["elements"] as const,
    urls: [url],
    entry: step,
    plain: true,
    defines: { KIND: `KIND_${dtype}`, ...Object.fromEntries(entries) },
  };
}

export function prepareFft(engine: CudaEngine, problem: Problem<Convolution>, partBytes?: number) {
  const { batch, length, heads, headDim } = problem.dims;
  const channels = heads * headDim;
  const padded = paddedLength(length);
  const together = channelsTogether(channels, padded, partBytes);
  const pitch = padded + 2;
  const stage = engine.stage(convolution, problem);
  const [u, K, Y] = [stage.input("u"), stage.input("K"), stage.output("Y")];
  const [kernels, rows] = ["rows of kernels", "rows of signals"].map((what) =>
    stage.scratch(what, together * pitch * 4),
  );
  const transforms = stage.transforms({ length: padded, rows: together });
  const bytes = problem.dtype === "f32" ? 4 : 2;
  const at = (address: bigint, elements: number) => address + BigInt(elements * bytes);
  const tiles = (across: number) => ({
    blocks: [Math.ceil(across / 32), Math.ceil(together / 32), 1] as const,
    threads: [32, 8, 1] as const,
  });
  const step = (
    name: Step,
    grid: Parameters<typeof stage.kernel>[1],
    from: bigint,
    to: bigint,
    into = rows,
  ) =>
    stage.kernel(fftSource(problem, name), grid, [
      engine.pack([from, into, kernels, to, length, channels, together, pitch, { f32: 1 / padded }]),
    ]);
  for (let channel0 = 0; channel0 < channels; channel0 += together) {
    const across = { blocks: [Math.min(64, Math.ceil(pitch / 256)), together, 1] as const, threads: 256 };
    step("rows_of_kernels", across, at(K, channel0 * length), 0n, kernels);
    stage.call(transforms.forward(kernels));
    for (let b = 0; b < batch; b++) {
      const first = b * length * channels + channel0;
      step("rows_of_signals", tiles(pitch), at(u, first), 0n);
      stage.call(transforms.forward(rows));
      step("multiply", { blocks: Math.min(4096, Math.ceil((together * pitch) / 512)), threads: 256 }, 0n, 0n);
      stage.call(transforms.inverse(rows));
      step("signals_of_rows", tiles(length), 0n, at(Y, first));
    }
  }
  return stage.prepared({ padded, together });
}
