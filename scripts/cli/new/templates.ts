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

const chunked = (file: URL): Template => ({ kernel: "ssd/chunked", file });
const recurrent = (file: URL): Template => ({ kernel: "ssd/recurrent", file });

export const LANGUAGES: Readonly<Record<string, Starter>> = {
  triton: {
    name: "Triton",
    extension: ".py",
    templates: [chunked(new URL("../../../examples/kernels/ssd_triton.py", import.meta.url))],
  },
  torch: {
    name: "PyTorch",
    extension: ".py",
    templates: [chunked(new URL("../../../examples/kernels/ssd_torch.py", import.meta.url))],
  },
  cuda: {
    name: "CUDA C++",
    extension: ".cu",
    templates: [
      chunked(new URL("../../../examples/kernels/ssd_chunked.cu", import.meta.url)),
      recurrent(new URL("../../../examples/kernels/ssd.cu", import.meta.url)),
    ],
  },
  wgsl: {
    name: "WGSL",
    extension: ".wgsl",
    templates: [
      chunked(new URL("../../../examples/kernels/ssd_chunked.wgsl", import.meta.url)),
      recurrent(new URL("../../../examples/kernels/ssd.wgsl", import.meta.url)),
    ],
  },
  c: {
    name: "C",
    extension: ".c",
    templates: [
      chunked(new URL("../../../examples/kernels/ssd_chunked.c", import.meta.url)),
      recurrent(new URL("../../../examples/kernels/ssd.c", import.meta.url)),
    ],
  },
  ts: {
    name: "TypeScript",
    extension: ".ts",
    templates: [chunked(new URL("../../../examples/kernels/ssd_cpu.ts", import.meta.url))],
  },
};
