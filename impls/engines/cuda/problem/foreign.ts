/** A user's kernels in CUDA C++: compiled as they are, launched with tensors and numbers in the order that the header names them. */
import { basename, dirname } from "node:path";
import { pathToFileURL } from "node:url";
import { type AnyOperator, isState, outputNames, type Problem } from "../../../operator.js";
import type { Prepared } from "../../../prepared.js";
import type { CudaDevice } from "../device/device.js";
import type { Graphs } from "../device/graphs.js";
import { includeFolders } from "../host/nvrtc.js";
import { kindsOf, word } from "./parameters.js";
import { type CudaLaunch, Stage } from "./stage.js";

export interface ForeignCuda {
  /** Path of the file, and what stands in it. */
  readonly file: string;
  readonly text: string;
  /** In the order in which they run. */
  readonly launches: readonly ForeignLaunch[];
  readonly numbers: Readonly<Record<string, number>>;
  /** Floats of each named scratch memory. */
  readonly scratch: Readonly<Record<string, number>>;
  /** Macros. */
  readonly defines: Readonly<Record<string, number>>;
  /** Of NVRTC. */
  readonly flags: readonly string[];
}

export interface ForeignLaunch {
  readonly entry: string;
  readonly grid: readonly [number, number, number];
  readonly block: readonly [number, number, number];
  readonly sharedBytes: number;
  readonly arguments: readonly string[];
}

/** @throws with the compiler's words, by line; with the parameters where they do not fit the header's names */
export function prepareForeign<Op extends AnyOperator>(
  device: CudaDevice,
  graphs: Graphs,
  { operator, problem }: { readonly operator: Op; readonly problem: Problem<Op> },
  kernel: ForeignCuda,
): Prepared<Op, CudaLaunch> {
  const { file, text, launches, numbers } = kernel;
  // what does not fit is found before memory is taken
  const kinds = launches.map((one) => kindsOf(basename(file), text, one.entry));
  const stage = new Stage(device, graphs, operator, problem);
  const places = placesOf(stage, kernel);
  const shared = { urls: [pathToFileURL(file)], defines: kernel.defines, foreign: true } as const;
  const flags = [
    ...kernel.flags,
    ...[dirname(file), ...includeFolders()].map((path) => `--include-path=${path}`),
  ];
  for (const [i, { entry, grid, block, sharedBytes, arguments: names }] of launches.entries()) {
    const pairs = names.map((name) => ({ name, value: places.get(name) ?? numbers[name] }));
    const parameters = paired(basename(file), entry, kinds[i], pairs);
    try {
      stage.kernel({ ...shared, flags, entry }, { blocks: grid, threads: block, sharedBytes }, parameters);
    } catch (error) {
      throw new Error(complaint(error as Error));
    }
  }
  return stage.prepared();
}

/** Addresses of tensors and scratch by name; 0 of those that the problem has not. */
function placesOf(stage: Stage<AnyOperator>, { scratch }: ForeignCuda): Map<string, bigint> {
  const { operator } = stage;
  const places = new Map<string, bigint>();
  for (const name of Object.keys(operator.inputs)) places.set(name, stage.input(name));
  const outputs = outputNames(operator, stage.problem);
  for (const name of Object.keys(operator.outputs)) if (!outputs.includes(name)) places.set(name, 0n);
  for (const name of outputs) {
    const state = isState(operator.outputs[name]);
    places.set(name, state ? stage.output(name, "f32") : stage.output(name));
  }
  for (const [name, floats] of Object.entries(scratch)) places.set(name, stage.zeroed(name, 4 * floats));
  return places;
}

type Value = bigint | number | undefined;

function paired(
  file: string,
  entry: string,
  kinds: ReturnType<typeof kindsOf>,
  values: readonly { readonly name: string; readonly value: Value }[],
): Uint8Array[] {
  const order = `(${values.map(({ name }) => name).join(", ")})`;
  if (kinds.length !== values.length)
    throw new Error(
      `the header's arguments ${order} do not fit ${entry} of ${file}, which takes ${kinds.length}: ` +
        kinds.map(({ text }) => text).join(", "),
    );
  return values.map(({ name, value }, i) => {
    const { kind, text } = kinds[i];
    const isAddress = typeof value === "bigint";
    if (isAddress !== (kind === "pointer"))
      throw new Error(
        `the header gives ${entry} of ${file} ${isAddress ? `the tensor ${name}` : `the number ${name}`} for its parameter ${text}`,
      );
    return word(kind, value as bigint | number);
  });
}

const MOST_ERRORS = 3;

/** Of a log of NVRTC the errors, as file:line: words. */
export function complaint({ message }: Error): string {
  const found = [...message.matchAll(/(?:^|\s)([^\s(]+)\((\d+)\): (?:catastrophic )?error: (.*)$/gm)];
  if (found.length === 0) return message;
  const shown = found
    .slice(0, MOST_ERRORS)
    .map(([, file, line, words]) => `${file}:${line}: ${words.trim()}`);
  const rest = found.length > shown.length ? [`and ${found.length - shown.length} more errors`] : [];
  return [...shown, ...rest].join("; ");
}
