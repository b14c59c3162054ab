/** SYNTHETIC rows: times follow simple cost models with fixed noise. Nothing here was measured; use them to test reports only. */
import { completed } from "../../reports/rows/older.js";
import type { Measured, Row, RunRecord } from "../../reports/rows/row.js";

export const COMMIT = "0123456789abcdef";

export function syntheticRun(): RunRecord {
  return {
    record: "run",
    version: 1,
    command: "npm run bench -- --grid default --seed 0",
    plan: { grid: "default", seed: 0, options: {}, ids: [] },
    environment: {
      synthetic: true,
      node: "v20.20.2",
      cpu: "Synthetic CPU",
      cores: 2,
      memoryBytes: 8 * 2 ** 30,
    },
    startedUtc: "2026-11-23T12:00:00.000Z",
  };
}

export interface Setting {
  readonly device?: string;
  readonly dtype?: string;
  readonly batch?: number;
  readonly heads?: number;
  readonly headDim?: number;
  readonly suite?: string;
  readonly seed?: number;
}

/** A case without a status. */
export function base(name: string, length: number, state: number | undefined, more: Partial<Measured> = {}) {
  const [, operator, form, engine] = /^(.+)\/(.+)\.(.+)$/.exec(name)!;
  const { dtype = "f32", batch = 1, heads = 16, headDim = 64 } = more;
  const keys = {
    dtype,
    batch,
    length,
    heads,
    groups: more.groups,
    headDim,
    state,
    chunk: more.chunk,
    threads: more.threads,
    make: more.make,
  };
  const words = Object.entries(keys).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${value}`],
  );
  return completed({
    id: [name, ...words].join(" "),
    suite: "sequence-length",
    operator,
    form,
    engine,
    device: "Synthetic CPU @ 2.10 GHz",
    dtype,
    batch,
    length,
    heads,
    headDim,
    ...(state === undefined ? {} : { state }),
    flops: 2e3 * length * heads,
    bytes: 512 * length * heads,
    seed: 0,
    commit: COMMIT,
    timeUtc: "2026-11-23T12:00:00.000Z",
    ...more,
  });
}

export function measured(
  name: string,
  length: number,
  state: number | undefined,
  ns: number,
  more: Partial<Measured> = {},
): Row {
  const common = base(name, length, state, more);
  const wobble = 1 + 0.03 * noise(common.id);
  const medianNs = ns * wobble;
  const half = 0.004 + 0.02 * Math.abs(noise(`${common.id} width`));
  return {
    ...common,
    status: "measured",
    lanesChecked: 8,
    lanesTotal: 1024,
    errorU: 3.2,
    boundU: 210,
    samples: 25,
    stopReason: "precision",
    medianNs,
    ci95LowNs: medianNs * (1 - half),
    ci95HighNs: medianNs * (1 + 1.2 * half),
    p25Ns: medianNs * (1 - half),
    p75Ns: medianNs * (1 + half),
    minNs: medianNs * (1 - 2 * half),
    hostMedianNs: medianNs,
    clock: "host",
    flopsPerS: (common.flops / medianNs) * 1e9,
    bytesPerS: (common.bytes / medianNs) * 1e9,
    peakBytes: common.bytes,
    deterministic: true,
  };
}

export function skipped(
  name: string,
  length: number,
  state: number | undefined,
  ns: number,
  more: Partial<Measured> = {},
): Row {
  const reason = `predicted ${Math.round(ns / 1e9)} s a run, budget 10 s`;
  return { ...base(name, length, state, more), status: "skipped", reason, predictedNs: ns };
}

export function rejected(name: string, length: number, state: number | undefined, reason: string): Row {
  return {
    ...base(name, length, state),
    status: "rejected",
    reason,
    lanesChecked: 8,
    lanesTotal: 1024,
    errorU: 9e5,
    boundU: 210,
  };
}

export function failed(name: string, length: number, state: number | undefined, reason: string): Row {
  return { ...base(name, length, state), status: "failed", reason };
}

/** A number in [-1, 1) that depends on the text alone (FNV-1a). */
export function noise(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 31 - 1;
}

/** ns of one pass: a fixed cost plus a cost a token, or a token pair. */
type Model = readonly [
  name: string,
  more: Partial<Measured>,
  ns: (length: number, state: number) => number,
  state: boolean,
];

const heads = 16;
export const MODELS: readonly Model[] = [
  ["attention/tiled.wasm", { threads: 2 }, (t) => 8e3 + (heads * 1.6 * t * t) / 2, false],
  ["attention/materialised.tfjs", {}, (t) => 2e6 + heads * 1.5 * t * t, false],
  ["attention/tiled.cpu", {}, (t) => 2e4 + (heads * 24 * t * t) / 2, false],
  ["convolution/fft.tfjs", {}, (t) => 9e6 + heads * 30 * t * Math.log2(t), false],
  ["selective_scan/scan.tfjs", {}, (t, n) => 2.5e7 + heads * 20 * n * t * Math.log2(t), true],
  ["selective_scan/recurrent.wasm", { threads: 2 }, (t, n) => 9e4 + (heads * t * n * 35) / 2, true],
  ["selective_scan/recurrent.cpu", {}, (t, n) => 1e4 + heads * t * n * 300, true],
  [
    "ssd/chunked.wasm",
    { chunk: 8, threads: 2, groups: 1 },
    (t, n) => 8e4 + (heads * t * (60 + n * 7.4)) / 2,
    true,
  ],
  ["ssd/chunked.tfjs", { chunk: 64, groups: 1 }, (t, n) => 1.2e7 + heads * t * (1600 + 20 * n), true],
  ["ssd/chunked.cpu", { chunk: 16, groups: 1 }, (t, n) => 1e4 + heads * t * (500 + n * 90), true],
  ["ssd/recurrent.wasm", { threads: 2, groups: 1 }, (t, n) => 7e4 + (heads * t * (40 + n * 9.2)) / 2, true],
  ["ssd/recurrent.cpu", { groups: 1 }, (t, n) => 1e4 + heads * t * n * 85, true],
  ["ssd/quadratic.cpu", { groups: 1 }, (t, n) => 1e4 + heads * t * t * (n + 64), true],
];

export const LENGTHS = [512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072, 262144, 524288];
export const STATES = [16, 32, 64, 128, 256];

/** The default bench as it might look: five curves and the recurrent form, small budgets, the rest extrapolated. */
export function syntheticRows(budgetNs = 3e9): Row[] {
  const suite = (name: string) => ({ suite: name });
  const left = MODELS.flatMap(([name, more, ns, hasState]) =>
    LENGTHS.map((length, i) => {
      const state = hasState ? 64 : undefined;
      const time = ns(length, 64);
      const all = { ...more, ...suite("sequence-length") };
      return i < 2 || time < budgetNs
        ? measured(name, length, state, time, all)
        : skipped(name, length, state, time, all);
    }),
  );
  const right = MODELS.flatMap(([name, more, ns, hasState]) => {
    const all = { ...more, ...suite("state-size") };
    if (!hasState) return [measured(name, 4096, undefined, ns(4096, 0), all)];
    return STATES.map((state) => measured(name, 4096, state, ns(4096, state), all));
  });
  return [...left, ...right];
}

/** The same rows as a run writes them that measured its ceilings. */
export function withCeilings(rows: readonly Row[], flopsPerS = 4e11, bytesPerS = 2e10): Row[] {
  return rows.map((row) =>
    row.status === "measured"
      ? {
          ...row,
          rooflineFraction: (Math.max(row.flops / flopsPerS, row.bytes / bytesPerS) / row.medianNs) * 1e9,
          details: { ceilingFlopsPerS: flopsPerS, ceilingBytesPerS: bytesPerS },
        }
      : row,
  );
}

/** What a run tells of a machine. */
export function environmentOf(model: string, cores = 2) {
  return { cpu: { model, cores, quotaCores: null }, os: { platform: "linux", arch: "x64" }, gpus: [] };
}
