/** Kernels to start from: files of examples/kernels, which tests run as they stand. */

export interface Template {
  /** `operator/form`. */
  readonly kernel: string;
  readonly file: URL;
}

interface Starter {
  /** As sentences name it. */
  readonly name: string;
  readonly extension: string;
  readonly templates: readonly Template[];
}

const example = (kernel: string, file: URL): Template => ({ kernel, file });

export const LANGUAGES: Readonly<Record<string, Starter>> = {
  triton: {
    name: "Triton",
    extension: ".py",
    templates: [example("ssd/chunked", new URL("../../../examples/kernels/ssd_triton.py", import.meta.url))],
  },
  torch: {
    name: "PyTorch",
    extension: ".py",
    templates: [example("ssd/chunked", new URL("../../../examples/kernels/ssd_torch.py", import.meta.url))],
  },
  cuda: {
    name: "CUDA",
    extension: ".cu",
    templates: [
      example("ssd/chunked", new URL("../../../examples/kernels/ssd_chunked.cu", import.meta.url)),
      example("ssd/recurrent", new URL("../../../examples/kernels/ssd_recurrent.cu", import.meta.url)),
    ],
  },
  wgsl: {
    name: "WGSL",
    extension: ".wgsl",
    templates: [
      example("ssd/chunked", new URL("../../../examples/kernels/ssd_chunked.wgsl", import.meta.url)),
      example("ssd/recurrent", new URL("../../../examples/kernels/ssd_recurrent.wgsl", import.meta.url)),
    ],
  },
  c: {
    name: "C",
    extension: ".c",
    templates: [
      example("ssd/chunked", new URL("../../../examples/kernels/ssd_chunked.c", import.meta.url)),
      example("ssd/recurrent", new URL("../../../examples/kernels/ssd_recurrent.c", import.meta.url)),
    ],
  },
  ts: {
    name: "TypeScript",
    extension: ".ts",
    templates: [example("ssd/chunked", new URL("../../../examples/kernels/ssd_cpu.ts", import.meta.url))],
  },
};
