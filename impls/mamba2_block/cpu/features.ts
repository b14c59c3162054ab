/** Feature maps of B and C on the host, in place. */
import { silu } from "../../blocks/cpu/columns.js";
import { multiply } from "../../blocks/cpu/product.js";
import { featureMatrix, featureShare } from "../../blocks/random-features.js";
import { featureOf } from "../operator.js";

/** @returns a function of rows of `state` numbers, one behind the other */
export function hostFeature(
  settings: { readonly features: number; readonly eps: number },
  state: number,
): (rows: Float32Array) => void {
  const feature = featureOf(settings);
  if (feature === "layer-norm") return (rows) => layerNorm(rows, state, settings.eps);
  if (feature === "random") return randomFeatures(state);
  const map = MAPS[feature];
  return (rows) => {
    for (let i = 0; i < rows.length; i++) rows[i] = map(rows[i]);
  };
}

const MAPS = {
  silu,
  identity: (v: number) => v,
  relu: (v: number) => Math.max(v, 0),
  elu1: (v: number) => (v < 0 ? Math.exp(v) : v + 1),
} as const;

function layerNorm(rows: Float32Array, state: number, eps: number): void {
  for (let first = 0; first < rows.length; first += state) {
    const last = first + state;
    let sum = 0;
    for (let i = first; i < last; i++) sum += rows[i];
    const mean = sum / state;
    let squares = 0;
    for (let i = first; i < last; i++) squares += (rows[i] - mean) ** 2;
    const factor = 1 / Math.sqrt(squares / state + eps);
    for (let i = first; i < last; i++) rows[i] = (rows[i] - mean) * factor;
  }
}

function randomFeatures(state: number): (rows: Float32Array) => void {
  const W = featureMatrix(state);
  const share = featureShare(state);
  const root = Math.sqrt(state);
  const [row, product] = [new Float32Array(state), new Float32Array(state)];
  return (rows) => {
    for (let first = 0; first < rows.length; first += state) {
      row.set(rows.subarray(first, first + state));
      multiply({ W, columns: state }, row, product);
      let squares = 0;
      for (let i = 0; i < state; i++) squares += row[i] * row[i];
      for (let i = 0; i < state; i++) rows[first + i] = Math.exp(product[i] - share * squares) / root;
    }
  };
}
