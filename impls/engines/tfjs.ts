/**
 * TensorFlow.js: implementations are pure functions from tensors to tensors, the engine owns backend, memory and clock. What
 * backends do slowly or wrongly stands beside the code that avoids it; no tensor here has more than four axes (rank 5 and more is
 * silently wrong on some backends).
 */
import type { Tensor, Tensor3D } from "@tensorflow/tfjs-core";
import {
  type AnyOperator,
  type Inputs,
  type Outputs,
  outputNames,
  outputShape,
  outputSize,
  type Problem,
} from "../operator.js";
import { type Prepared, rewriteInputs } from "../prepared.js";
import { inspectArrays } from "./cpu/host-memory.js";
import { type Ceilings, type Engine, EngineAbsent, type OpenOptions } from "./engine.js";
import { type Backend, backends, type TensorOps, withoutNewHandlers } from "./tfjs/backends.js";
import { differentiated, lacksGradients } from "./tfjs/gradients.js";
import { pieces, products } from "./tfjs/products.js";
import { TensorInputs } from "./tfjs/tensor-inputs.js";

export { serveWasmFrom, type TensorOps } from "./tfjs/backends.js";

/** One problem as tensor ops. Both functions may make any number of intermediate tensors: the engine frees them. */
export interface TensorProgram<Op extends AnyOperator, Constants extends Record<string, Tensor>> {
  /** Tensors that depend on sizes only (masks, twiddle factors): made once, in `prepare`. */
  constants?(): Constants;
  /** Inputs have the axes of their source; the outputs must have the operator's shapes. */
  compute(inputs: Inputs<Op, Tensor>, constants: Constants): Outputs<Op, Tensor>;
  /** Bytes of intermediate tensors alive at once, at most. */
  readonly scratchBytes: number;
}

export interface TfjsEngine extends Engine<void> {
  readonly name: "tfjs";
  readonly tf: TensorOps;
  /** The largest tensor that an implementation should make on this backend. */
  readonly largestTensorBytes: number;
  /** What `prepare` returns. */
  prepared<Op extends AnyOperator, Constants extends Record<string, Tensor> = Record<string, never>>(
    operator: Op,
    problem: Problem<Op>,
    program: TensorProgram<Op, Constants>,
  ): Promise<Prepared<Op, void>>;
  /** a[i] b[i] for every i: (m, rows, inner) x (m, inner, columns), by whatever is fastest on this backend. */
  products(a: Tensor, b: Tensor): Tensor3D;
  /** The slices of x along its first axis, that axis dropped. */
  pieces(x: Tensor): Tensor[];
  /** A sentence where TensorFlow.js's rules of differentiation are not installed. */
  lacksGradients(): Promise<string | undefined>;
  /**
   * A program of gradients from that of the map.
   * @param names inputs to differentiate
   * @param forward makes the map's program on an engine whose `pieces` and `products` are differentiable, as all it uses must be
   */
  differentiated(
    problem: Problem,
    names: readonly string[],
    forward: (engine: Differentiable) => TensorProgram<AnyOperator, Record<string, Tensor>>,
  ): TensorProgram<AnyOperator, Record<string, Tensor>>;
}

/** What a program that is differentiated may use of the engine. */
export type Differentiable = Pick<TfjsEngine, "tf" | "pieces" | "products">;

/**
 * @param options `software`: a WebGPU driver that computes on the CPU will do (tests)
 * @throws EngineAbsent where a package or a device is missing
 */
export async function open(
  device = "wasm",
  options: Partial<OpenOptions> & { readonly software?: boolean } = {},
): Promise<TfjsEngine> {
  const backend = backends.find((candidate) => candidate.device === device);
  if (!backend)
    throw new EngineAbsent(
      `tfjs has no device ${device}; it has ${backends.map((b) => b.device).join(", ")}`,
    );
  const tf = await withoutNewHandlers(async () => {
    const loaded = await backend.load(options.software ?? false);
    if (!(await loaded.setBackend(backend.backend)))
      throw new EngineAbsent(`the ${device} backend of TensorFlow.js does not start on this machine`);
    return loaded;
  });
  const details = { tfjs: tf.version_core, backend: device, ...(await backend.details?.(tf)) };
  return engineOn(tf, backend, details);
}

function engineOn(tf: TensorOps, backend: Backend, details: Engine["device"]["details"]): TfjsEngine {
  const { device } = backend;
  const kind = typeof backend.kind === "function" ? backend.kind(tf) : backend.kind;
  /** The latest output: reading one element of it waits for all work before it. */
  let latest: Tensor | undefined;

  /** Another engine of this process may have chosen its own backend since. */
  const activate = async () => {
    if (tf.getBackend() !== backend.backend) await tf.setBackend(backend.backend);
  };
  const finish = async () => {
    if (!backend.asynchronous || !latest) return;
    const last = latest;
    const element = tf.tidy(() => tf.slice(tf.reshape(last, [-1]), [0], [1]));
    await element.data();
    element.dispose();
  };

  const once: Engine["once"] = async (run) => {
    await activate();
    const pending = run();
    if (pending) await pending;
    await finish();
  };
  const time: Engine["time"] = async (run, repeats) => {
    await activate();
    await finish();
    const start = performance.now();
    for (let i = 0; i < repeats; i++) {
      const pending = run();
      if (pending) await pending;
    }
    await finish();
    return { hostNs: ((performance.now() - start) * 1e6) / repeats };
  };

  return {
    name: "tfjs",
    rewritesInputs: true,
    device: { key: device, name: `TensorFlow.js ${device}`, kind, details },
    tf,
    largestTensorBytes: backend.largestTensorBytes,
    once,
    time,
    ceilings: async () => {
      await activate();
      return measureCeilings(tf, device, time, (tensor) => {
        latest = tensor;
      });
    },
    close() {
      latest = undefined;
    },
    prepared: (operator, problem, program) =>
      prepareProgram(tf, operator, problem, program, activate, (tensor) => {
        latest = tensor;
      }),
    products: (a, b) => products(tf, device, a as Tensor3D, b as Tensor3D),
    pieces: (x) => pieces(tf, device, x),
    lacksGradients,
    differentiated(problem, names, forward) {
      const plain: Differentiable = {
        tf,
        // the gradient of unstack takes one piece alone for no list
        pieces: (x) => (x.shape[0] === 1 ? [tf.reshape(x, x.shape.slice(1))] : tf.unstack(x)),
        products: (a, b) => tf.matMul(a as Tensor3D, b as Tensor3D),
      };
      return differentiated(tf, problem, names, forward(plain) as never) as never;
    },
  };
}

async function prepareProgram<Op extends AnyOperator, Constants extends Record<string, Tensor>>(
  tf: TensorOps,
  operator: Op,
  problem: Problem<Op>,
  program: TensorProgram<Op, Constants>,
  activate: () => Promise<void>,
  ran: (output: Tensor | undefined) => void,
): Promise<Prepared<Op, void>> {
  await activate();
  const names = outputNames(operator, problem as Problem);
  const inputs = new TensorInputs(tf, operator, problem);
  const constants = tf.tidy(() => program.constants?.() ?? ({} as Constants));
  const nan = () =>
    tf.tidy(() =>
      Object.fromEntries(
        names.map((name) => [
          name,
          tf.fill(outputShape(operator, problem as Problem, name), Number.NaN) as Tensor,
        ]),
      ),
    );
  let outputs: Record<string, Tensor> = nan();
  const replace = (next: Record<string, Tensor>) => {
    for (const tensor of Object.values(outputs)) tensor.dispose();
    outputs = next;
    ran(next[names[0]]);
  };

  const read = async (): Promise<Outputs<Op>> => {
    await activate();
    const entries = await Promise.all(names.map(async (name) => [name, await outputs[name].data()]));
    return Object.fromEntries(entries);
  };
  const held = Object.values<Tensor>(constants);
  const heldBytes = held.reduce((sum, tensor) => sum + tensor.size * 4, inputs.bytes);
  const outputBytes = names.reduce((sum, name) => sum + outputSize(operator, problem, name) * 4, 0);
  return {
    run() {
      replace(
        tf.tidy(
          () => program.compute(inputs.tensors as Inputs<Op, Tensor>, constants) as Record<string, Tensor>,
        ),
      );
    },
    async poison() {
      await activate();
      replace(nan());
    },
    read,
    inspect: async (lanes) => inspectArrays(operator, problem, await read(), lanes),
    bytes: heldBytes + outputBytes + program.scratchBytes,
    dispose() {
      for (const tensor of [...held, ...Object.values(outputs)]) tensor.dispose();
      inputs.dispose();
      ran(undefined);
    },
    async [rewriteInputs](next) {
      await activate();
      await inputs.rewrite(next);
    },
  };
}

/** What tensor ops reach here: a sum of two arrays (two reads, one write) and a square 2-D product, best of five. */
async function measureCeilings(
  tf: TensorOps,
  device: string,
  time: Engine["time"],
  ran: (output: Tensor | undefined) => void,
): Promise<Ceilings> {
  const size = device === "cpu" ? 192 : 512;
  const elements = device === "cpu" ? 2 ** 18 : 2 ** 22;
  const best = async (op: () => Tensor): Promise<number> => {
    let seconds = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 6; i++) {
      let result: Tensor | undefined;
      const { hostNs } = await time(() => {
        result = op();
        ran(result);
      }, 1);
      ran(undefined);
      result?.dispose();
      if (i > 0) seconds = Math.min(seconds, hostNs / 1e9);
    }
    return seconds;
  };
  const long = tf.fill([elements], 1);
  const square = tf.fill([size, size], 0.5) as ReturnType<typeof tf.matMul>;
  const ceilings = {
    bytesPerS: (3 * 4 * elements) / (await best(() => tf.add(long, long))),
    flopsPerS: { f32: (2 * size ** 3) / (await best(() => tf.matMul(square, square))) },
  };
  long.dispose();
  square.dispose();
  return ceilings;
}
