/** Files of the safetensors format: golden vectors (F64 only, test/golden/README.md), and problems that other programs answer. */
import { z } from "zod";

/** Element types that are read here, with the array that holds them; all little-endian. */
const ARRAYS = { F64: Float64Array, F32: Float32Array } as const;
export type ElementType = keyof typeof ARRAYS;

export interface StoredTensor {
  readonly shape: readonly number[];
  /** C order. */
  readonly data: Float64Array;
}

export interface WrittenTensor {
  readonly shape: readonly number[];
  /** C order; F32 or F64 by its kind. */
  readonly data: Float32Array | Float64Array;
}

export interface StoredFile {
  /** Strings only, as the format demands. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

const size = z.number().int().nonnegative();
const tensorSchema = z.object({
  dtype: z.string(),
  shape: z.array(size),
  data_offsets: z.tuple([size, size]),
});
const metadataSchema = z.record(z.string(), z.string());

/**
 * @param types those that the file may hold
 * @throws an Error whose message says what is wrong with the bytes
 */
export function parseSafetensors(bytes: Uint8Array, types: readonly ElementType[] = ["F64"]): StoredFile {
  if (bytes.length < 8) throw new Error(`has ${bytes.length} bytes, a header length alone takes 8`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = Number(view.getBigUint64(0, true));
  const dataStart = 8 + headerBytes;
  if (dataStart > bytes.length)
    throw new Error(`is truncated: its header ends at byte ${dataStart}, the file at ${bytes.length}`);
  const header = parseHeader(bytes.subarray(8, dataStart));
  const { __metadata__: stored, ...entries } = header;
  const metadata = explain("__metadata__", metadataSchema.safeParse(stored ?? {}));

  const tensors = new Map<string, StoredTensor>();
  const spans: [number, number][] = [];
  for (const [name, entry] of Object.entries(entries)) {
    const { dtype, shape, data_offsets } = explain(`tensor ${name}`, tensorSchema.safeParse(entry));
    const type = types.find((one) => one === dtype);
    if (!type) throw new Error(`tensor ${name} is ${dtype}, expected ${types.join(" or ")}`);
    const [from, to] = data_offsets;
    const needed = ARRAYS[type].BYTES_PER_ELEMENT * shape.reduce((product, length) => product * length, 1);
    if (to - from !== needed)
      throw new Error(
        `tensor ${name} spans ${to - from} bytes, its shape ${shape.join("x") || "scalar"} needs ${needed}`,
      );
    if (dataStart + to > bytes.length)
      throw new Error(
        `is truncated: tensor ${name} ends at byte ${dataStart + to}, the file at ${bytes.length}`,
      );
    // a copy, because the data need not start at a multiple of 8 in memory
    const raw = Uint8Array.from(bytes.subarray(dataStart + from, dataStart + to));
    tensors.set(name, { shape, data: Float64Array.from(new ARRAYS[type](raw.buffer)) });
    spans.push([from, to]);
  }
  checkSpans(spans, bytes.length - dataStart);
  return { metadata, tensors };
}

/** Its bytes: the header's length, the header padded with spaces to a multiple of 8, then the tensors in their order. */
export function formatSafetensors(
  tensors: Readonly<Record<string, WrittenTensor>>,
  metadata: Readonly<Record<string, string>>,
): Buffer {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let end = 0;
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    const from = end;
    end += data.byteLength;
    header[name] = { dtype: data instanceof Float64Array ? "F64" : "F32", shape, data_offsets: [from, end] };
  }
  const text = Buffer.from(JSON.stringify(header));
  const padded = Buffer.alloc(Math.ceil(text.length / 8) * 8, " ");
  text.copy(padded);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  const data = Object.values(tensors).map(({ data }) =>
    Buffer.from(data.buffer, data.byteOffset, data.byteLength),
  );
  return Buffer.concat([length, padded, ...data]);
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw new Error(`has a header that is not JSON (${(error as Error).message})`);
  }
  if (typeof header !== "object" || header === null || Array.isArray(header))
    throw new Error("has a header that is not a JSON object");
  return header as Record<string, unknown>;
}

/** The tensors must tile the data exactly: a gap, an overlap or bytes left over mean that something was lost. */
function checkSpans(spans: [number, number][], total: number): void {
  let end = 0;
  for (const [from, to] of spans.sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
    if (from !== end) throw new Error(`has a gap or an overlap at data byte ${Math.min(from, end)}`);
    end = to;
  }
  if (end !== total) throw new Error(`has ${total - end} bytes after its last tensor`);
}

/** @throws the first complaint of zod as one line */
export function explain<T>(what: string, result: z.ZodSafeParseResult<T>): T {
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0];
  throw new Error(`${what}${path.length > 0 ? `.${path.join(".")}` : ""}: ${message}`);
}
