/** Norm and gate on CUDA: a warp or workgroup a token and group of channels, which it holds in registers where they are not too many. */
import { ROUNDOFF } from "../bound.js";
import { implementation } from "../implementation.js";
import type { Problem } from "../operator.js";
import { type RmsNormGated, rmsNormGated } from "./operator.js";

/** Parts of one program, in this order; rows: what registers hold. */
const steps = new URL("../recurrence/cuda/steps.cu", import.meta.url);
const urls = [steps, new URL("./cuda/fused.cu", import.meta.url)];
const rowsUrls = [steps, new URL("./cuda/fused.rows.cu", import.meta.url)];

/** Workgroups that a grid may have along its second axis. */
const MOST_GROUPS = 65_535;

export const fusedCuda = implementation(rmsNormGated, "cuda", {
  form: "fused",
  source:
    "arXiv 1910.07467 (RMSNorm); arXiv 2405.21060, figure 6 (a norm behind the gate); rms_norm_ref of Mamba",
  dtypes: ["f32", "f16", "bf16"],
  rounding: ({ dtype }) => ({
    accumulate: 2 ** -24,
    storage: dtype === "f32" ? 0 : ROUNDOFF[dtype],
    roundings: dtype === "f32" ? 0 : 1,
    longestSum: 0,
    decay: "segsum",
  }),
  prepare(engine, problem) {
    const { batch, length, groups } = problem.dims;
    const stage = engine.stage(rmsNormGated, problem);
    const rows = batch * length;
    const parameters = engine.pack([
      ...(["X", "weight", "bias", "z"] as const).map((name) => stage.input(name)),
      ...[stage.output("Y"), rows, groups, channelsOf(problem), { f32: problem.settings.eps }],
    ]);
    const { source, threads, teams } = fusedLaunch(problem);
    const blocks = teams
      ? Math.ceil((rows * groups) / teams)
      : ([groups, Math.min(MOST_GROUPS, rows), 1] as const);
    stage.kernel(source, { blocks, threads }, [parameters]);
    return stage.prepared();
  },
  // of a group that registers do not hold the second look mostly comes from a cache
  cost: (problem) => ({ ...rmsNormGated.cost(problem), dispatches: 1 }),
});

/** Channels that are normed together. */
function channelsOf({ dims }: Problem<RmsNormGated>): number {
  return (dims.heads / dims.groups) * dims.headDim;
}

/** Pieces of sixteen bytes that a thread holds. */
const MOST_PIECES = 4;

/** @returns undefined where rows do not start at such pieces, or are too long for the registers of a workgroup */
function teamFor(channels: number, dtype: string) {
  const each = dtype === "f32" ? 4 : 8;
  const pieces = channels / each;
  const team = [32, 128, 256, 512].find((threads) => pieces <= MOST_PIECES * threads);
  return team && channels % each === 0 ? { team, pieces: Math.ceil(pieces / team) } : undefined;
}

/** The source of the launch with the definitions it is compiled with, threads of a workgroup, and how many rows those take at a time. */
export function fusedLaunch(problem: Problem<RmsNormGated>) {
  const { inputs, settings, dtype } = problem;
  const channels = channelsOf(problem);
  const held = teamFor(channels, dtype);
  // a small group would leave most threads of a large workgroup without a channel
  const threads = held ? Math.max(128, held.team) : channels > 512 ? 256 : channels > 64 ? 128 : 32;
  const source = {
    libraries: ["elements"] as const,
    urls: held ? rowsUrls : urls,
    entry: "norm_rows",
    plain: true,
    defines: {
      KIND: `KIND_${dtype}`,
      THREADS: threads,
      ...(held && { TEAM: held.team, PIECES: held.pieces }),
      HAS_BIAS: inputs.bias ? 1 : 0,
      GATE: inputs.z === undefined ? 0 : settings.normBeforeGate ? 2 : 1,
    },
  };
  return { source, threads, teams: held && threads / held.team };
}
