/**
 * The devices of the tfjs engine: one backend of TensorFlow.js each. Every package is an optional peer and is imported on first
 * use, so that absence is a sentence and a page bundles only what it has.
 */
import { EngineAbsent } from "../engine.js";
import { offerGpu } from "./on-webgpu.js";

/** Everything @tensorflow/tfjs-core exports: implementations get it from the engine and import no package. */
export type TensorOps = typeof import("@tensorflow/tfjs-core");

type Kind = "cpu" | "gpu";

export interface Backend {
  /** Value of the case id's `device` key. */
  readonly device: string;
  /** Name that tf.setBackend knows. */
  readonly backend: string;
  /** Where it computes; a function where only the loaded library knows. */
  readonly kind: Kind | ((tf: TensorOps) => Kind);
  /** Ops return before they are done: the clock waits for a value. */
  readonly asynchronous: boolean;
  /** The largest tensor an implementation should make here. */
  readonly largestTensorBytes: number;
  /**
   * Registers the kernels; throws EngineAbsent where the package is missing.
   * @param software a driver that computes on the CPU will do (tests)
   */
  load(software: boolean): Promise<TensorOps>;
  details?(tf: TensorOps): Promise<Record<string, string | number | boolean | null>>;
}

const VERSION = "4.22.0";

let wasmFolder: string | undefined;

/** Where a page serves the .wasm files of @tensorflow/tfjs-backend-wasm from; Node finds them beside the package. */
export function serveWasmFrom(folder: string): void {
  wasmFolder = folder.endsWith("/") ? folder : `${folder}/`;
}

export const backends: readonly Backend[] = [
  {
    device: "wasm",
    backend: "wasm",
    kind: "cpu",
    asynchronous: false,
    // one 32-bit heap holds everything, and nothing is ever given back to it in one piece
    largestTensorBytes: 2 ** 29,
    async load() {
      const tf = await core();
      const wasm = await needed(() => import("@tensorflow/tfjs-backend-wasm"), "wasm");
      if (wasmFolder) wasm.setWasmPaths(wasmFolder);
      return tf;
    },
    details: async (tf) => ({
      simd: (await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT")) as boolean,
      threads: 1,
    }),
  },
  {
    device: "cpu",
    backend: "cpu",
    kind: "cpu",
    asynchronous: false,
    largestTensorBytes: 2 ** 29,
    async load() {
      const tf = await core();
      await needed(() => import("@tensorflow/tfjs-backend-cpu"), "cpu");
      return tf;
    },
  },
  {
    device: "webgpu",
    backend: "webgpu",
    kind: "gpu",
    asynchronous: true,
    largestTensorBytes: 2 ** 30,
    async load(software) {
      await offerGpu(software);
      const tf = await core();
      await needed(() => import("@tensorflow/tfjs-backend-webgpu"), "webgpu");
      return tf;
    },
    details: async (tf) => {
      const { adapterInfo } = tf.backend() as { adapterInfo?: { vendor?: string; architecture?: string } };
      return { vendor: adapterInfo?.vendor ?? null, architecture: adapterInfo?.architecture ?? null };
    },
  },
  {
    device: "tensorflow",
    backend: "tensorflow",
    kind: (tf) => (native(tf).isUsingGpuDevice ? "gpu" : "cpu"),
    asynchronous: true,
    largestTensorBytes: 2 ** 31,
    load: loadNative,
    details: async (tf) => {
      const { binding, isUsingGpuDevice } = native(tf);
      return { libtensorflow: binding?.TF_Version ?? null, gpu: isUsingGpuDevice ?? null };
    },
  },
];

/** What the backend of @tensorflow/tfjs-node tells of itself. */
function native(tf: TensorOps): { binding?: { TF_Version?: string }; isUsingGpuDevice?: boolean } {
  return tf.backend() as object;
}

async function core(): Promise<TensorOps> {
  const tf = await needed(() => import("@tensorflow/tfjs-core"), "cpu");
  // production mode: no banner on stderr, and no NaN scan of every tensor
  tf.enableProdMode();
  return tf;
}

async function needed<M>(load: () => Promise<M>, backend: "cpu" | "wasm" | "webgpu"): Promise<M> {
  try {
    return await load();
  } catch (error) {
    const packages = `@tensorflow/tfjs-core@${VERSION} @tensorflow/tfjs-backend-cpu@${VERSION}${
      backend === "cpu" ? "" : ` @tensorflow/tfjs-backend-${backend}@${VERSION}`
    }`;
    throw new EngineAbsent(
      isMissing(error)
        ? `TensorFlow.js is not installed; to add it: npm install ${packages}`
        : `TensorFlow.js cannot be used: ${firstLine(error)}; to install it again: npm install ${packages}`,
    );
  }
}

/** tfjs-node-gpu where the user installed it, else tfjs-node. Both bind the TensorFlow C library. */
async function loadNative(): Promise<TensorOps> {
  const failures: string[] = [];
  for (const name of ["@tensorflow/tfjs-node-gpu", "@tensorflow/tfjs-node"]) {
    try {
      // a variable, so that neither tsc nor a bundler looks for a package that is never installed by itself
      const loaded = await import(/* @vite-ignore */ name);
      const tf = (loaded.default ?? loaded) as TensorOps;
      tf.enableProdMode();
      return tf;
    } catch (error) {
      if (!isMissing(error)) failures.push(`${name} cannot be used: ${firstLine(error)}`);
    }
  }
  const why = failures.length > 0 ? failures.join("; ") : "no native TensorFlow is installed";
  // without --save-prod npm takes an optional peer of the checkout for done and installs nothing
  throw new EngineAbsent(
    `${why}; to add it: npm install --no-save --save-prod @tensorflow/tfjs-node@${VERSION} ` +
      `(or @tensorflow/tfjs-node-gpu@${VERSION} with CUDA 11.2; both download libtensorflow)`,
  );
}

function isMissing(error: unknown): boolean {
  return (error as { code?: string }).code === "ERR_MODULE_NOT_FOUND";
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0];
}

/** Loads what adds process handlers (Emscripten rethrows from its own): without them a crash keeps its own message. */
export async function withoutNewHandlers<M>(load: () => Promise<M>): Promise<M> {
  const events = ["uncaughtException", "unhandledRejection"] as const;
  const host = typeof process === "undefined" || !process.listeners ? undefined : process;
  const before = events.map((event) => new Set<unknown>(host?.listeners(event as "uncaughtException")));
  const loaded = await load();
  events.forEach((event, i) => {
    for (const handler of host?.listeners(event as "uncaughtException") ?? [])
      if (!before[i].has(handler)) host?.removeListener(event, handler);
  });
  return loaded;
}
