/**
 * A tensor of a problem, before any engine has seen it: either given values, or a random function of its indices.
 * Both say their axes by name, so that a shape can be checked, printed and documented from one place.
 */
import {
  channelRate,
  coherent,
  decayRate,
  GRID_BITS,
  halved,
  hashAt,
  logIndex,
  type StreamKeys,
  signed,
  stepBias,
  streamKeys,
  timeStep,
  weightColumn,
  weightScale,
} from "./random.js";

/** Storage type of a problem's large tensors. f64 exists for the reference only (golden vectors). */
export type Dtype = "f64" | "f32" | "f16" | "bf16";

/**
 * How random values of an input are distributed; each is documented in random.ts.
 * - coherent: in (-1, 1), seven of eight positive
 * - signed, signed8: zero-mean in (-1, 1), (-8, 8)
 * - timeStep: nearly log-uniform on [2^-11, 2^-3)
 * - logDecay: -dt * A_h with dt the timeStep stream named "dt" at the same place, h the column
 * - channelDecay: A[d, n] = -(n + 1) 4^-[5,1,3,0,4,2,6,7][d mod 8], no randomness
 * - longKernel: coherent * 2^-floor(j / 2^(6 + c mod 8)), j the last axis, c the channel
 * - weight: signed * 2^-ceil(log4 of the last axis); a row's values repeat after 61 columns
 * - stepBias: uniform on (-6, -2]
 * - logIndex: ln(j + 1) by straight lines, j the last axis, no randomness
 */
export type Distribution =
  | "coherent"
  | "signed"
  | "signed8"
  | "timeStep"
  | "logDecay"
  | "channelDecay"
  | "longKernel"
  | "weight"
  | "stepBias"
  | "logIndex";

/** Distributions without randomness: every seed gives the same. */
export const SEEDLESS: readonly Distribution[] = ["channelDecay", "logIndex"];

export interface GivenTensor {
  readonly kind: "given";
  readonly axes: readonly string[];
  readonly shape: readonly number[];
  /** C order; rounded to the problem's dtype when read. */
  readonly data: Float64Array;
  /** What tells these values from others in a case id. */
  readonly label?: string | undefined;
}

export interface RandomTensor {
  readonly kind: "random";
  readonly axes: readonly string[];
  readonly shape: readonly number[];
  readonly name: string;
  readonly seed: number;
  readonly distribution: Distribution;
  /** Rows that come of another seed: what a change of inputs rewrites where it cannot rewrite all. */
  readonly patch?: Stretch | undefined;
}

/** Rows `[firstRow, firstRow + rows)` of a random tensor and the seed they come of. */
export interface Stretch {
  readonly seed: number;
  readonly firstRow: number;
  readonly rows: number;
}

export type TensorSource = GivenTensor | RandomTensor;

/** The axes that, when they lead, make up the row of the random function; all others make up its column. */
const ROW_AXES = ["batch", "length", "context"];

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Rows and columns of a tensor seen as the matrix that the random function indexes: row = b * length + t, column the rest. */
export function matrixShape(source: TensorSource): { rows: number; cols: number } {
  let leading = 0;
  while (leading < source.axes.length && ROW_AXES.includes(source.axes[leading])) leading++;
  return {
    rows: elementCount(source.shape.slice(0, leading)),
    cols: elementCount(source.shape.slice(leading)),
  };
}

const floatWord = new Float32Array(1);
const intWord = new Uint32Array(floatWord.buffer);

/** Nearest value of a dtype, ties to even; overflow gives an infinity. */
export function roundTo(dtype: Dtype, value: number): number {
  if (dtype === "f64") return value;
  if (dtype === "f32") return Math.fround(value);
  if (dtype === "bf16") {
    floatWord[0] = value;
    if (!Number.isFinite(floatWord[0])) return floatWord[0];
    intWord[0] += 0x7fff + ((intWord[0] >>> 16) & 1);
    intWord[0] &= 0xffff0000;
    return floatWord[0];
  }
  if (!Number.isFinite(value) || value === 0) return value;
  // f16: 11 significand bits, exponents from 2^-14 (below it the grid is 2^-24), largest 65504
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(value))), -14);
  const grid = 2 ** (exponent - 10);
  const scaled = value / grid;
  const floor = Math.floor(scaled);
  const rest = scaled - floor;
  const rounded = (rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor) * grid;
  return Math.abs(rounded) > 65504 ? Math.sign(rounded) * Number.POSITIVE_INFINITY : rounded;
}

/** Reads one tensor as a rows x cols matrix of exact float64 values on the grid of its dtype. */
export interface Reader {
  readonly rows: number;
  readonly cols: number;
  at(row: number, col: number): number;
}

/** @param dtype the grid the values are rounded to, which is the dtype that an implementation stores this tensor in */
export function readerOf(source: TensorSource, dtype: Dtype): Reader {
  const { rows, cols } = matrixShape(source);
  if (source.kind === "given") {
    const { data } = source;
    if (dtype === "f64") return { rows, cols, at: (row, col) => data[row * cols + col] };
    if (dtype === "f32") return { rows, cols, at: (row, col) => Math.fround(data[row * cols + col]) };
    return { rows, cols, at: (row, col) => roundTo(dtype, data[row * cols + col]) };
  }
  return { rows, cols, at: randomFunction(source, dtype) };
}

/** The tensor in stretches of one seed each, in order. */
export function stretchesOf(source: RandomTensor): Stretch[] {
  const { rows } = matrixShape(source);
  const { seed, patch } = source;
  if (!patch) return [{ seed, firstRow: 0, rows }];
  const after = patch.firstRow + patch.rows;
  return [
    { seed, firstRow: 0, rows: patch.firstRow },
    patch,
    { seed, firstRow: after, rows: rows - after },
  ].filter((stretch) => stretch.rows > 0);
}

/** The stream that a random tensor's values are drawn from. */
export function streamOf({ name, distribution }: RandomTensor, seed: number): StreamKeys {
  // logA is made of the time steps at the same places
  return streamKeys(seed, distribution === "logDecay" ? "dt" : name);
}

function randomFunction(source: RandomTensor, dtype: Dtype): (row: number, col: number) => number {
  const { patch } = source;
  if (!patch) return seededFunction(source, dtype);
  const own = seededFunction({ ...source, patch: undefined }, dtype);
  const other = seededFunction({ ...source, seed: patch.seed, patch: undefined }, dtype);
  const { firstRow, rows } = patch;
  return (row, col) => (row >= firstRow && row < firstRow + rows ? other : own)(row, col);
}

function seededFunction(source: RandomTensor, dtype: Dtype): (row: number, col: number) => number {
  const bits = GRID_BITS[dtype];
  const keys = streamOf(source, source.seed);
  const last = source.shape[source.shape.length - 1];
  switch (source.distribution) {
    case "coherent":
      return (row, col) => coherent(hashAt(keys, row, col), bits);
    case "signed":
      return (row, col) => signed(hashAt(keys, row, col), bits);
    case "signed8":
      return (row, col) => 8 * signed(hashAt(keys, row, col), bits);
    case "timeStep":
      return (row, col) => timeStep(hashAt(keys, row, col));
    case "logDecay":
      return (row, col) => -timeStep(hashAt(keys, row, col)) * decayRate(col);
    case "channelDecay":
      return (_row, col) => -((col % last) + 1) * channelRate(Math.floor(col / last));
    case "longKernel":
      return (row, col) => {
        const channel = Math.floor(col / last);
        return coherent(hashAt(keys, row, col), bits) * halved((col % last) >>> (6 + (channel & 7)));
      };
    case "weight": {
      const scale = weightScale(last);
      return (row, col) => scale * signed(hashAt(keys, row, weightColumn(col, last)), bits);
    }
    case "stepBias":
      return (row, col) => stepBias(hashAt(keys, row, col));
    case "logIndex":
      return (_row, col) => logIndex(col % last);
  }
}

/** All values of a tensor in C order, rounded to the grid of its dtype and held as f32 (exact for f32, f16 and bf16). */
export function toFloat32(source: TensorSource, dtype: Exclude<Dtype, "f64">): Float32Array {
  const { rows, cols } = matrixShape(source);
  const values = new Float32Array(rows * cols);
  writeRows(source, dtype, 0, rows, values);
  return values;
}

/** Writes some rows of a tensor, in C order, to the start of `to`. */
export function writeRows(
  source: TensorSource,
  dtype: Dtype,
  firstRow: number,
  rows: number,
  to: Float32Array,
): void {
  const { cols, at } = readerOf(source, dtype);
  if (source.kind === "given" && dtype === "f32") {
    // the array rounds as Math.fround does
    to.set(source.data.subarray(firstRow * cols, (firstRow + rows) * cols));
    return;
  }
  for (let row = firstRow, i = 0; row < firstRow + rows; row++)
    for (let col = 0; col < cols; col++, i++) to[i] = at(row, col);
}
