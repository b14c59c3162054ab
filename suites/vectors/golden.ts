/** One golden case as it lies in its file: named tensors with axis letters. Mapping it to a problem is the business of its op. */
import { z } from "zod";
import { explain, parseSafetensors, type StoredTensor } from "./safetensors.js";

export interface GoldenCase {
  readonly name: string;
  readonly op: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** Size of each axis letter. */
  readonly sizes: Readonly<Record<string, number>>;
  /** Plain names: inputs; names starting with `out.`: expected outputs. */
  readonly outputs: readonly string[];
  has(name: string): boolean;
  /** Tensors that the file declares and nobody has taken. */
  untaken(): readonly string[];
  /** Axis letters of a tensor as stored, e.g. "b d t". */
  axes(name: string): string;
  /**
   * Values in C order of the wanted axes, transposed from the stored ones.
   * @throws when the tensor is missing or has other axes
   */
  take(name: string, axes: string): Float64Array;
}

const metadataSchema = z.object({
  case: z.string().optional(),
  op: z.string().min(1),
  options: z.string(),
  layout: z.string(),
  inputs: z.string(),
  outputs: z.string(),
});
const namesSchema = z.array(z.string());

/**
 * @param fallbackName used when the metadata has no `case`
 * @throws an Error whose message says what is wrong with the file
 */
export function parseGolden(bytes: Uint8Array, fallbackName: string): GoldenCase {
  const { metadata, tensors } = parseSafetensors(bytes);
  const meta = explain("__metadata__", metadataSchema.safeParse(metadata));
  const json = <T>(key: "options" | "layout" | "inputs" | "outputs", schema: z.ZodType<T>): T => {
    let value: unknown;
    try {
      value = JSON.parse(meta[key]);
    } catch {
      throw new Error(`__metadata__.${key} is not JSON`);
    }
    return explain(`__metadata__.${key}`, schema.safeParse(value));
  };
  const options = json("options", z.record(z.string(), z.unknown()));
  const layout = json("layout", z.record(z.string(), z.string()));
  const inputs = json("inputs", namesSchema);
  const outputs = json("outputs", namesSchema);
  for (const name of [...inputs, ...outputs])
    if (!tensors.has(name)) throw new Error(`lists tensor ${name} but does not hold it`);
  if (outputs.length === 0) throw new Error("has no expected outputs");

  const tensor = (name: string): StoredTensor => {
    const found = tensors.get(name);
    if (!found) throw new Error(`op ${meta.op} needs tensor ${name}, which the file does not hold`);
    return found;
  };
  const taken = new Set<string>();
  return {
    name: meta.case ?? fallbackName,
    op: meta.op,
    options,
    sizes: axisSizes(layout, tensors),
    outputs,
    has: (name) => tensors.has(name),
    untaken: () => [...new Set([...inputs, ...outputs])].filter((name) => !taken.has(name)),
    axes: (name) => layout[name] ?? "",
    take: (name, axes) => {
      taken.add(name);
      const { shape, data } = tensor(name);
      const stored = letters(layout[name] ?? "");
      const wanted = letters(axes);
      if ([...stored].sort().join() !== [...wanted].sort().join())
        throw new Error(`tensor ${name} has axes (${stored.join(" ")}), expected (${wanted.join(" ")})`);
      return transpose(data, stored, shape, wanted);
    },
  };
}

function letters(axes: string): string[] {
  return axes.split(" ").filter((letter) => letter !== "");
}

/** @throws when a layout does not fit its tensor, or two tensors disagree about an axis */
function axisSizes(
  layout: Readonly<Record<string, string>>,
  tensors: ReadonlyMap<string, StoredTensor>,
): Record<string, number> {
  const sizes: Record<string, number> = {};
  const from: Record<string, string> = {};
  for (const [name, { shape }] of tensors) {
    const axes = letters(layout[name] ?? "");
    if (axes.length !== shape.length)
      throw new Error(
        `tensor ${name} has ${shape.length} axes, its layout names ${axes.length} (${axes.join(" ")})`,
      );
    axes.forEach((axis, i) => {
      // k means a tap, a key channel or a key head, and x a column: letters are compared where they meet in one op only
      if (axis in sizes && sizes[axis] !== shape[i] && "bthpng".includes(axis))
        throw new Error(
          `axis ${axis} is ${shape[i]} in ${name} but ${sizes[axis]} in ${from[axis]}; one of them is wrong`,
        );
      sizes[axis] ??= shape[i];
      from[axis] ??= name;
    });
  }
  return sizes;
}

function transpose(
  data: Float64Array,
  stored: readonly string[],
  shape: readonly number[],
  wanted: readonly string[],
): Float64Array {
  if (stored.join() === wanted.join()) return data;
  const strides = new Array<number>(stored.length);
  for (let i = stored.length - 1, stride = 1; i >= 0; stride *= shape[i], i--) strides[i] = stride;
  const order = wanted.map((letter) => stored.indexOf(letter));
  const result = new Float64Array(data.length);
  const index = new Array<number>(wanted.length).fill(0);
  for (let i = 0; i < result.length; i++) {
    let offset = 0;
    for (let a = 0; a < order.length; a++) offset += index[a] * strides[order[a]];
    result[i] = data[offset];
    for (let a = order.length - 1; a >= 0 && ++index[a] === shape[order[a]]; a--) index[a] = 0;
  }
  return result;
}
