/** All that a training needs to go on as if it had never stopped, in bytes: a line of JSON, then parameters and moments, f32. */
import type { AdamW, Parameter } from "./adamw.js";

/** First bytes of the file: another layout has another number. */
const MAGIC = "dualbench-training-1\n";

/** @param header anything that JSON holds; steps and sizes are added to it */
export function packState(header: object, parameters: readonly Parameter[], optimiser: AdamW): Uint8Array {
  const sizes = parameters.map(({ name, values }) => [name, values.length]);
  const text = new TextEncoder().encode(
    `${MAGIC}${JSON.stringify({ header, steps: optimiser.steps, sizes })}\n`,
  );
  const arrays = arraysOf(parameters, optimiser);
  const bytes = new Uint8Array(text.length + arrays.reduce((sum, { byteLength }) => sum + byteLength, 0));
  bytes.set(text);
  let at = text.length;
  for (const array of arrays) {
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at);
    at += array.byteLength;
  }
  return bytes;
}

/** What a file's line says, before anything is changed. @throws where it is none of ours, or was cut off */
export function readHeader(bytes: Uint8Array): { readonly header: unknown } & Layout {
  const start = new TextDecoder().decode(bytes.subarray(0, MAGIC.length));
  const end = bytes.indexOf(0x0a, MAGIC.length);
  if (start !== MAGIC || end < 0) throw new Error("it is no state of a training of this version");
  const { header, steps, sizes } = JSON.parse(new TextDecoder().decode(bytes.subarray(MAGIC.length, end)));
  return { header, steps, sizes, from: end + 1 };
}

interface Layout {
  readonly steps: number;
  readonly sizes: readonly (readonly [name: string, length: number])[];
  readonly from: number;
}

/** Puts parameters and optimiser where they were. @throws where the file is of another model */
export function unpackState(bytes: Uint8Array, parameters: readonly Parameter[], optimiser: AdamW): void {
  const { steps, sizes, from } = readHeader(bytes);
  const own = parameters.map(({ name, values }) => [name, values.length]);
  if (JSON.stringify(sizes) !== JSON.stringify(own)) throw new Error("it is the state of another model");
  const arrays = arraysOf(parameters, optimiser);
  const wanted = arrays.reduce((sum, { byteLength }) => sum + byteLength, from);
  if (bytes.length !== wanted) throw new Error(`it should have ${wanted} bytes and has ${bytes.length}`);
  let at = from;
  for (const array of arrays) {
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength).set(
      bytes.subarray(at, at + array.byteLength),
    );
    at += array.byteLength;
  }
  optimiser.steps = steps;
}

function arraysOf(parameters: readonly Parameter[], optimiser: AdamW) {
  return [
    ...parameters.map(({ values }) => values),
    ...optimiser.moments.flatMap(({ mean, square }) => [mean, square]),
  ];
}
