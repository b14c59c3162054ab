/**
 * What a run leaves behind: one row a case. The contract of results.jsonl and results.csv; reports know nothing else.
 * Base units, with the unit in the name. A key that does not apply to a case is absent.
 */
import { z } from "zod";

const count = z.number().int().nonnegative();
/** Amounts: at least zero, and no more than anything that computes can have. What lies outside is damage or a joke. */
const amount = z.number().nonnegative().max(1e36);
/** 1e21 ns are thirty thousand years. */
const ns = amount.max(1e21);
/** A median below what any clock can tell stands on no logarithmic axis. */
const medianNs = ns.min(1e-6);
/** In units of a bound: an output may be wrong by any finite factor. */
const units = z.number().nonnegative();
/** Files are named after suites: never a path. */
const suite = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/, "a suite's name is letters, digits, dots and dashes, no path");

const common = {
  /** `operator/form.engine key=value ...` */
  id: z.string(),
  suite,
  operator: z.string(),
  form: z.string(),
  engine: z.string(),
  /** The device as a person names it, e.g. a CPU or adapter model. */
  device: z.string(),
  /** software: a GPU interface emulated on the CPU. This and the next are absent in rows of versions before 0.2; see older.ts. */
  deviceKind: z.enum(["cpu", "gpu", "software"]).optional(),
  /** Whether its engine composes operators from a library's tensor operations: many launches where others have a kernel. */
  tensorOps: z.boolean().optional(),
  /** Its engine is somebody else's, to compare with; absent where it is not, and in older rows. */
  peer: z.literal(true).optional(),
  dtype: z.string(),
  batch: count,
  length: count,
  heads: count,
  groups: count.optional(),
  headDim: count,
  headDimV: count.optional(),
  state: count.optional(),
  chunk: count.optional(),
  threads: count.optional(),
  make: z.string().optional(),
  cache: z.string().optional(),
  pass: z.string().optional(),
  context: count.optional(),
  /** Sizes of what a workgroup holds at a time, in words of its implementation. */
  tile: z.string().optional(),
  /** What has this shape, e.g. mamba2-1.3b; absent where no suite of the run gives it a name. */
  workload: z.string().optional(),
  /** How tokens are packed, e.g. skewed-16: kind and number of documents. */
  documents: z.string().optional(),
  /** Taps of a short filter. */
  width: count.optional(),
  /** Pairs of a key's entries that are turned. */
  pairs: count.optional(),
  /** Of blocks: channels of the model and inside, rank of the steps' projection, who shares heads, feature map, order of projections. */
  modelDim: count.optional(),
  inner: count.optional(),
  rank: count.optional(),
  pattern: z.string().optional(),
  features: z.string().optional(),
  projections: z.string().optional(),
  /** Processes that share the problem, what each has a part of, and how states go from one to the next. */
  ranks: count.optional(),
  split: z.string().optional(),
  passing: z.string().optional(),
  /** Numbers in a block's parameters, and what a sequence keeps of the tokens so far. */
  parameters: count.optional(),
  keptBytes: amount.optional(),
  /** Operator.cost: least work of any form. */
  flops: amount,
  bytes: amount,
  seed: count,
  commit: z.string(),
  /** Of dualbench; absent, as the next two, in rows of versions before 0.2. */
  version: z.string().optional(),
  /** Packages that took part in computing, e.g. an engine's backend, with their versions. */
  packages: z.record(z.string(), z.string()).optional(),
  /** A user's module: its name and a hash over it and all that it imports. */
  source: z.string().optional(),
  timeUtc: z.string(),
  /** Everything else about device, kernel hash, BLAS ...: free-form, shown in reports. */
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
};

const checked = {
  lanesChecked: count,
  lanesTotal: count,
  /** Error and bound in units of u * scale, of the element with the largest error / bound. */
  errorU: units,
  boundU: units,
};

/** What a reader must know of a curve before calling it faster than another; see reports/analysis/fairness.ts. */
export const fairnessSchema = z.object({
  /** Type that sums are kept in, and what is multiplied in less. */
  accumulation: z.string(),
  /** What lies between start and stop of the clock. */
  timed: z.string(),
  launch: z.string(),
  /** cold: nothing of the inputs is in a cache when a run starts. */
  cache: z.enum(["cold", "warm"]),
  threads: count,
  /** Library of matrix products and the kernels it chose; absent where the code is our own. */
  blas: z.string().optional(),
});
export type Fairness = z.infer<typeof fairnessSchema>;

const measured = z.object({
  ...common,
  ...checked,
  status: z.literal("measured"),
  samples: count,
  /** precision: half-width of the interval reached; iterations: cap; budget: wall clock. */
  stopReason: z.enum(["precision", "iterations", "budget"]),
  medianNs,
  ci95LowNs: ns,
  ci95HighNs: ns,
  p25Ns: ns,
  p75Ns: ns,
  minNs: ns,
  hostMedianNs: ns,
  /** Whose clock medianNs is of. */
  clock: z.enum(["host", "device"]),
  flopsPerS: amount,
  bytesPerS: amount,
  /** max(flops / F, bytes / B) / median with the ceilings of this run; absent where they could not be measured. */
  rooflineFraction: amount.optional(),
  peakBytes: amount,
  deterministic: z.boolean(),
  /** What the processor told beside the runs; absent where it does not. Clock of the middle turn, heat of the hottest, throttles of all. */
  processorClockHz: amount.optional(),
  temperatureC: z.number().optional(),
  throttle: z.string().optional(),
  /** Mean power while the case ran again and again, times the median time, over tokens. */
  joulesPerToken: amount.optional(),
  /** package: of all CPUs' packages, idle parts included. */
  energyOf: z.enum(["card", "package"]).optional(),
  /** Absent in rows of versions before 0.2. */
  fairness: fairnessSchema.optional(),
  /** A remark that does not change the status, e.g. "sampled in a block, not interleaved: memory". */
  reason: z.string().optional(),
  /** What became of the inputs between timed turns, e.g. "two sets, 7 switches, 16 lanes of the second". */
  inputs: z.string().optional(),
  /** Timed and other runs whose outputs were held against the truth of the inputs then in place. */
  checkedRuns: count.optional(),
});

const rejected = z.object({
  ...common,
  ...checked,
  // absent where the output is not a number: its error is not one either
  errorU: units.optional(),
  boundU: units.optional(),
  status: z.literal("rejected"),
  reason: z.string(),
});

const skipped = z.object({
  ...common,
  status: z.literal("skipped"),
  reason: z.string(),
  /** Extrapolated along the curve from smaller cases; charts draw it hollow. */
  predictedNs: ns.optional(),
  predictedBytes: amount.optional(),
});

export const failedSchema = z.object({ ...common, status: z.literal("failed"), reason: z.string() });

export const rowSchema = z.discriminatedUnion("status", [measured, rejected, skipped, failedSchema]);
export type Row = z.infer<typeof rowSchema>;
export type Measured = z.infer<typeof measured>;
export type Rejected = z.infer<typeof rejected>;
export type Skipped = z.infer<typeof skipped>;
export type Failed = z.infer<typeof failedSchema>;

/** One raw sample: mean of `repeats` back-to-back runs. Times from the start of the run. */
export const sampleSchema = z.object({
  hostNs: ns,
  deviceNs: ns.optional(),
  repeats: count,
  round: count,
  /** Place within its round, 0 for the first implementation of that round. */
  order: count,
  startNs: z.number(),
});
export type Sample = z.infer<typeof sampleSchema>;

/** First record of results.jsonl. */
export const runRecordSchema = z.object({
  record: z.literal("run"),
  version: z.literal(1),
  /** The command that repeats this run. */
  command: z.string(),
  /** Of a merger only, never stored: those of its runs, without the folders that they wrote to. */
  commands: z.array(z.string()).optional(),
  /** Everything `--resume` needs: the options and the ids, in order. */
  plan: z.object({
    grid: z.string(),
    seed: count,
    options: z.record(z.string(), z.unknown()),
    ids: z.array(z.string()),
  }),
  environment: z.record(z.string(), z.unknown()),
  startedUtc: z.string(),
});
export type RunRecord = z.infer<typeof runRecordSchema>;

/** Written when a stopped run goes on: the same plan, another process. */
export const resumeRecordSchema = z.object({
  record: z.literal("resume"),
  command: z.string(),
  environment: z.record(z.string(), z.unknown()),
  startedUtc: z.string(),
  /** `suite<TAB>id`s whose earlier rows no longer count: their code had changed, and they begin anew. */
  anew: z.array(z.string()).optional(),
});
export type ResumeRecord = z.infer<typeof resumeRecordSchema>;

/** One record a case. */
export const caseRecordSchema = z.object({
  record: z.literal("case"),
  row: rowSchema,
  samples: z.array(sampleSchema).optional(),
});
export type CaseRecord = z.infer<typeof caseRecordSchema>;
