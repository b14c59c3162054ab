/** Reads a .safetensors file of F64 tensors (format: test/golden/README.md). */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface Golden {
  readonly op: string;
  // biome-ignore lint/suspicious/noExplicitAny: JSON as the generator wrote it
  readonly options: any;
  readonly tensors: Readonly<Record<string, { readonly shape: number[]; readonly data: Float64Array }>>;
}

const FOLDER = process.env.DUALBENCH_GOLDEN ?? new URL("../golden", import.meta.url).pathname;

/** Cases whose name starts with one of the prefixes; none when the vectors are not there. */
export function goldenCases(...prefixes: string[]): [name: string, load: () => Golden][] {
  if (!existsSync(FOLDER)) return [];
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(".safetensors") && prefixes.some((prefix) => file.startsWith(prefix)))
    .sort()
    .map((file) => [file.slice(0, -12), () => readGolden(join(FOLDER, file))]);
}

function readGolden(path: string): Golden {
  const bytes = readFileSync(path);
  const headerLength = Number(bytes.readBigUInt64LE(0));
  const { __metadata__: metadata, ...entries } = JSON.parse(bytes.toString("utf8", 8, 8 + headerLength));
  const tensors = Object.fromEntries(
    Object.entries<{ shape: number[]; data_offsets: [number, number] }>(entries).map(([name, entry]) => {
      const [start, end] = entry.data_offsets.map((offset) => offset + 8 + headerLength);
      return [
        name,
        { shape: entry.shape, data: new Float64Array(Uint8Array.from(bytes.subarray(start, end)).buffer) },
      ];
    }),
  );
  return { op: metadata.op, options: JSON.parse(metadata.options), tensors };
}

/** Swaps the axes of a C-order tensor: result axis i is axis order[i] of the source. */
export function transpose(
  shape: readonly number[],
  data: Float64Array,
  order: readonly number[],
): Float64Array {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const target = order.map((axis) => shape[axis]);
  const result = new Float64Array(data.length);
  const index = target.map(() => 0);
  for (let i = 0; i < data.length; i++) {
    result[i] = data[index.reduce((sum, at, axis) => sum + at * strides[order[axis]], 0)];
    for (let axis = target.length - 1; axis >= 0 && ++index[axis] === target[axis]; axis--) index[axis] = 0;
  }
  return result;
}
