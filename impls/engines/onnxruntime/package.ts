/**
 * onnxruntime-node, an optional peer that `open` imports: the part of its API that is used here, so that nothing needs the package to
 * be compiled. Its package is large (291 MB) and its install script downloads CUDA libraries, see ../README.md.
 */
import { optionalPackage } from "../optional-package.js";
import { onnxruntimeNode } from "./needed.js";

export interface OrtTensor {
  readonly data: Float32Array;
}

export interface OrtSession {
  /** @param fetches outputs by name; a tensor given there is written in place */
  run(
    feeds: Readonly<Record<string, OrtTensor>>,
    fetches: Readonly<Record<string, OrtTensor>>,
  ): Promise<Readonly<Record<string, OrtTensor>>>;
  release(): Promise<void>;
}

export interface Ort {
  readonly Tensor: new (type: "float32", data: Float32Array, dims: readonly number[]) => OrtTensor;
  readonly InferenceSession: {
    create(model: Uint8Array, options: Readonly<Record<string, unknown>>): Promise<OrtSession>;
  };
  readonly env: { logLevel: "verbose" | "info" | "warning" | "error" | "fatal"; versions: { node?: string } };
}

/** @throws EngineAbsent with the command that adds the package */
export function loadOrt(name = onnxruntimeNode.name): Promise<Ort> {
  const needed = { ...onnxruntimeNode, name };
  // a CommonJS package: some loaders put all of it under `default`
  return optionalPackage<Ort & { readonly default?: Ort }>(needed, (loaded) => loaded.default ?? loaded);
}

/**
 * A session of a model on the CPU. Threads spin for a moment after their work by default: they are told not to, so that nothing else
 * that is measured in turn shares its processor with them. Options that are misspelt would be ignored in silence.
 */
export function openSession(
  { InferenceSession }: Ort,
  model: Uint8Array,
  threads: number,
): Promise<OrtSession> {
  return InferenceSession.create(model, {
    executionProviders: ["cpu"],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
    logSeverityLevel: ERRORS,
    extra: { session: { intra_op: { allow_spinning: "0" } } },
  });
}

const ERRORS = 3;

/** One run, whose outputs go to `fetches`. */
export async function runSession(
  session: OrtSession,
  feeds: Readonly<Record<string, OrtTensor>>,
  fetches: Readonly<Record<string, OrtTensor>>,
): Promise<void> {
  const copies = await session.run(feeds, fetches);
  // The binding also returns a copy of each output in new memory. Left to the garbage collector, every run would touch new pages
  // (measured: 7 ms a MiB on a virtual machine, 0.13 where memory is used again). A message that nobody can receive frees it at once.
  nobody.postMessage(
    undefined,
    Object.values(copies).map(({ data }) => data.buffer as ArrayBuffer),
  );
}

const nobody = deadPort();

function deadPort(): MessagePort {
  const { port1, port2 } = new MessageChannel();
  port2.close();
  return port1;
}
