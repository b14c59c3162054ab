/** Logits, softmax and cross entropy of the tokens that are asked, in plain TypeScript. */
import type { HeadSizes, TrainableHead } from "./training.js";

export function cpuHead({ tokens, modelDim, vocabulary }: HeadSizes): TrainableHead {
  const [x, dx] = [new Float32Array(tokens * modelDim), new Float32Array(tokens * modelDim)];
  const [weight, dWeight] = [0, 0].map(() => new Float32Array(vocabulary * modelDim));
  const targets = new Int32Array(tokens).fill(-1);
  const logits = new Float64Array(vocabulary);
  const along = new Float64Array(modelDim);
  const total = new Float64Array(vocabulary * modelDim);

  /** Logits of a token. @returns the place of the largest, the first of equals */
  const score = (t: number): number => {
    let best = 0;
    for (let v = 0; v < vocabulary; v++) {
      let sum = 0;
      for (let c = 0; c < modelDim; c++) sum += weight[v * modelDim + c] * x[t * modelDim + c];
      logits[v] = sum;
      if (sum > logits[best]) best = v;
    }
    return best;
  };

  /** Logits become what the mean's gradient is to them. @param share of a token in the mean */
  const differentiate = (t: number, largest: number, sum: number, share: number): void => {
    along.fill(0);
    for (let v = 0; v < vocabulary; v++) {
      const g = share * (Math.exp(logits[v] - largest) / sum - (v === targets[t] ? 1 : 0));
      for (let c = 0; c < modelDim; c++) {
        along[c] += g * weight[v * modelDim + c];
        total[v * modelDim + c] += g * x[t * modelDim + c];
      }
    }
    dx.set(along, t * modelDim);
  };

  return {
    ...{ x, targets, weight, dx, dWeight },
    run(gradients = true) {
      const asked = targets.reduce((count, target) => count + (target >= 0 ? 1 : 0), 0);
      let [loss, correct] = [0, 0];
      if (gradients) {
        dx.fill(0);
        total.fill(0);
      }
      for (let t = 0; t < tokens; t++) {
        if (targets[t] < 0) continue;
        const best = score(t);
        const largest = logits[best];
        const sum = logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0);
        loss += Math.log(sum) + largest - logits[targets[t]];
        if (best === targets[t]) correct++;
        if (gradients) differentiate(t, largest, sum, 1 / asked);
      }
      if (gradients) dWeight.set(total);
      return { loss: asked > 0 ? loss / asked : 0, correct, asked };
    },
    dispose() {},
  };
}
