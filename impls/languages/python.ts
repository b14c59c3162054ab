/** Python on the torch engine: `prepare(inputs, outputs, dims, options)` of the file gives the run. Loaded in the engine's process only. */
import { outputAxes, outputNames, type Problem } from "../operator.js";
import { type Options, Unsupported } from "../prepared.js";
import { optionsFor } from "./choices.js";
import { pythonComments } from "./comment.js";
import type { Header } from "./header.js";
import { language } from "./language.js";

export const python = language({
  name: "Python",
  extensions: [".py"],
  engine: "torch",
  comments: pythonComments,
  keys: { device: "optional" },
  read: (fields) => ({ device: fields.oneOf("device", ["cpu", "cuda"] as const) }),
  body: (kernel) => ({
    // what a library chooses by shape and place (torch's notes on numerical accuracy) is not known here
    bitwise: false,
    async absent({ device: { kind, name } }) {
      const wanted = kernel.own.device;
      const fits = wanted === undefined || (wanted === "cpu") === (kind === "cpu");
      return fits ? undefined : `its header says that it needs ${wanted}, this device is ${name}`;
    },
    options(problem, engine) {
      const own = optionsFor(kernel.header.choices, kernel.header.operator, problem);
      if (engine.device.kind !== "cpu") return own;
      const all = [...new Set([1, engine.threads])];
      return own.flatMap((options) =>
        "threads" in options ? [options] : all.map((threads) => ({ ...options, threads })),
      );
    },
    timed: () => reordered(kernel.header.layout),
    prepare: (engine, problem: Problem, options: Options) =>
      engine.prepared(kernel.header.operator, problem, options, {
        file: kernel.file,
        kernel: { given: kernel.given(options), orders: ordersOf(kernel.header, problem) },
        scratchBytes: 0,
      }),
  }),
});

/** What was done to tensors before the clock ran. */
function reordered(layout: Header["layout"]): string {
  const orders = Object.entries(layout).map(([name, order]) => `${name} as (${order.join(" ")})`);
  return orders.length === 0 ? "" : `layouts made before timing: ${orders.join(", ")}`;
}

/** Of each tensor that the kernel wants in another order: where its axes stand in the operator's. */
function ordersOf(
  { layout, operator }: Header,
  problem: Problem,
): Readonly<Record<string, readonly number[]>> {
  const outputs: readonly string[] = outputNames(operator, problem);
  const orders = Object.entries(layout).flatMap(([name, order]) => {
    const axes = outputs.includes(name) ? outputAxes(operator, problem, name) : problem.inputs[name]?.axes;
    if (axes === undefined) return [];
    if (axes.length !== order.length)
      throw new Unsupported(`takes ${name} as (${order.join(" ")}), got (${axes.join(" ")})`);
    return [[name, order.map((axis) => axes.indexOf(axis))] as const];
  });
  return Object.fromEntries(orders);
}
