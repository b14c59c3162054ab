/** A Mamba-2 block of one head and group written down token by token, for what no official file has: MLP, sequential projections, maps. */
import { featureMatrix } from "../../../impls/blocks/random-features.js";
import { FEATURES } from "../../../impls/mamba2_block/operator.js";
import type { Problem } from "../../../impls/operator.js";
import type { GivenTensor } from "../../../impls/tensor.js";

const silu = (v: number) => v / (1 + Math.exp(-v));
const each = (map: (v: number) => number) => (row: number[]) => row.map(map);
const sum = (row: number[]) => row.reduce((total, v) => total + v, 0);
const maps = {
  silu: each(silu),
  identity: each((v) => v),
  relu: each((v) => Math.max(0, v)),
  elu1: each((v) => (v > 0 ? v + 1 : Math.exp(v))),
  "layer-norm": (row: number[]) => {
    const mean = sum(row) / row.length;
    const variance = sum(row.map((v) => (v - mean) ** 2)) / row.length;
    return row.map((v) => (v - mean) / Math.sqrt(variance + 1e-5));
  },
  // lemma 1 of arXiv 2009.14794, the matrix being x's and so without the scale of v
  random: (row: number[]) => {
    const size = row.length;
    const W = featureMatrix(size);
    const half = sum(row.map((v) => (v / size ** 0.25) ** 2)) / 2;
    return row.map((_, i) => Math.exp(sum(row.map((v, j) => W[i * size + j] * v)) - half) / Math.sqrt(size));
  },
};

/** Y of the first sequence. */
export function naiveBlock(problem: Problem): number[][] {
  const { length, modelDim, inner, headDim, state, width, channels } = problem.dims as Record<string, number>;
  const values = (name: string) => [...((problem.inputs[name] as GivenTensor | undefined)?.data ?? [])];
  const matrix = (name: string, columns: number) => {
    const flat = values(name);
    return Array.from({ length: flat.length / columns }, (_, r) =>
      flat.slice(r * columns, (r + 1) * columns),
    );
  };
  const times = (W: number[][], v: number[]) => W.map((row) => row.reduce((sum, w, i) => sum + w * v[i], 0));
  const psi = maps[FEATURES[problem.settings.features as number]];
  const rate = -Math.exp(values("ALog")[0]);
  const taps = matrix("convWeight", width);
  const mlp = inner - headDim;
  const past: number[][] = Array.from({ length: width - 1 }, () => new Array(channels).fill(0));
  const S = Array.from({ length: headDim }, () => new Array<number>(state).fill(0));

  return matrix("u", modelDim)
    .slice(0, length)
    .map((u) => {
      const row = times(matrix("inProj", modelDim), u);
      const [z0, x0, z] = [row.slice(0, mlp), row.slice(mlp, 2 * mlp), row.slice(2 * mlp, 2 * mlp + headDim)];
      const raw = row.slice(2 * mlp + headDim, 2 * mlp + headDim + channels);
      past.push(raw);
      const seen = past.slice(-width);
      const convolved = raw.map((_, c) => taps[c].reduce((sum, w, j) => sum + w * seen[j][c], 0));
      const x = convolved.slice(0, headDim).map(silu);
      const chosen = problem.inputs.xProj
        ? times(matrix("xProj", channels), x)
        : [...convolved.slice(headDim), row.at(-1)!];
      const [B, C] = [psi(chosen.slice(0, state)), psi(chosen.slice(state, 2 * state))];
      const dt = Math.log1p(Math.exp(chosen.at(-1)! + values("dtBias")[0]));
      const y = x.map((value, p) => {
        for (let n = 0; n < state; n++) S[p][n] = Math.exp(dt * rate) * S[p][n] + dt * value * B[n];
        const out = C.reduce((sum, c, n) => sum + c * S[p][n], 0) + values("D")[0] * value;
        return out * silu(z[p]);
      });
      return times(matrix("outProj", inner), [...z0.map((value, i) => silu(value) * x0[i]), ...y]);
    });
}
