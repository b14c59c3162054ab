/**
 * A problem's float64 truth in a file, lane by lane, so that no process ever holds more than one lane of it. For each lane:
 * a u32 length, that many bytes of JSON (the lane and its outputs), then for every output its arrays as little-endian float64.
 */
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { appendFile, readFile } from "node:fs/promises";
import type { Bounds } from "../../impls/bound.js";
import type { Lane, LaneReference } from "../../impls/operator.js";

interface Header {
  readonly lane: Lane;
  /** `fields` are the arrays of the bounds in the order in which they follow: optional ones only where the operator has them. */
  readonly outputs: readonly { readonly name: string; readonly fields: readonly Field[] }[];
}

/** An array's name and how many numbers it has. */
type Field = readonly [name: string, length: number];

export function writeLanes(file: string, lanes: Iterable<LaneReference>): void {
  const handle = openSync(file, "wx");
  try {
    for (const { lane, outputs } of lanes) {
      const entries = Object.entries(outputs);
      const header: Header = {
        lane,
        outputs: entries.map(([name, bounds]) => ({
          name,
          fields: Object.entries<Float64Array>({ ...bounds }).map(
            ([field, { length }]): Field => [field, length],
          ),
        })),
      };
      const text = Buffer.from(JSON.stringify(header));
      const size = Buffer.alloc(4);
      size.writeUInt32LE(text.length);
      writeAll(handle, Buffer.concat([size, text]));
      for (const [, bounds] of entries)
        for (const values of Object.values<Float64Array>({ ...bounds })) writeAll(handle, bytesOf(values));
    }
  } finally {
    closeSync(handle);
  }
}

/** Puts the lanes of other files behind those of the first. */
export async function appendFiles(first: string, others: readonly string[]): Promise<void> {
  for (const other of others) await appendFile(first, await readFile(other));
}

/** @throws when the file ends inside a lane */
export function* readLanes(file: string): Generator<LaneReference> {
  const handle = openSync(file, "r");
  try {
    for (;;) {
      const size = Buffer.alloc(4);
      if (readAll(handle, size) === 0) return;
      const text = Buffer.alloc(size.readUInt32LE());
      readFully(handle, text, file);
      const header = JSON.parse(text.toString()) as Header;
      const outputs = header.outputs.map(({ name, fields }) => {
        const bounds = fields.map(([field, length]) => {
          const values = new Float64Array(length);
          readFully(handle, bytesOf(values), file);
          return [field, values] as const;
        });
        return [name, Object.fromEntries(bounds) as unknown as Bounds] as const;
      });
      yield { lane: header.lane, outputs: Object.fromEntries(outputs) };
    }
  } finally {
    closeSync(handle);
  }
}

function bytesOf(values: Float64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function writeAll(handle: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(handle, bytes, done);
}

function readAll(handle: number, bytes: Uint8Array): number {
  let done = 0;
  while (done < bytes.length) {
    const got = readSync(handle, bytes, done, bytes.length - done, null);
    if (got === 0) break;
    done += got;
  }
  return done;
}

function readFully(handle: number, bytes: Uint8Array, file: string): void {
  const got = readAll(handle, bytes);
  if (got !== bytes.length)
    throw new Error(`${file} ends early: expected ${bytes.length} bytes more, got ${got}`);
}
