/** The operators whose kernels are few lines: filters, norms, one query of attention; ssd's walk. */
import { attentionDecode } from "../../../../../impls/attention_decode/index.js";
import { decodeSource } from "../../../../../impls/attention_decode/tiled.cuda.js";
import { directSource } from "../../../../../impls/causal_conv1d/direct.cuda.js";
import { causalConv1d } from "../../../../../impls/causal_conv1d/index.js";
import { randomProblem } from "../../../../../impls/operator.js";
import { cutFor } from "../../../../../impls/recurrence/cuda/plan.js";
import { walkSource } from "../../../../../impls/recurrence/cuda/prepare.js";
import { fusedSource } from "../../../../../impls/rms_norm_gated/fused.cuda.js";
import { rmsNormGated } from "../../../../../impls/rms_norm_gated/index.js";
import { askedOf } from "../../../../../impls/ssd/cuda/walk.js";
import { ssd } from "../../../../../impls/ssd/index.js";
import { type Listed, onBoth, SHARED } from "./listed.js";

function filters(): Listed[] {
  const dims = { batch: 2, length: 100, heads: 4, headDim: 32, width: 4, past: 3 };
  const plain = randomProblem(causalConv1d, { dims, dtype: "bf16" });
  const full = randomProblem(causalConv1d, { dims, with: ["bias", "initialState", "documents"] });
  return [
    ...onBoth(directSource(plain, "filter"), "filter bf16"),
    ...onBoth(directSource(full, "filter"), "filter f32 bias+initialState+documents"),
    ...onBoth(directSource(full, "finish"), "finish f32 initialState+documents"),
  ];
}

function norms(): Listed[] {
  const dims = { batch: 2, length: 100, heads: 16, groups: 1, headDim: 64 };
  const gated = randomProblem(rmsNormGated, { dims, dtype: "f16", with: ["z", "bias"] });
  const last = randomProblem(rmsNormGated, {
    dims: { ...dims, groups: 16 },
    with: ["z"],
    settings: { normBeforeGate: true },
  });
  return [...onBoth(fusedSource(gated), "norm f16 z+bias"), ...onBoth(fusedSource(last), "norm f32 z last")];
}

function queries(): Listed[] {
  const dims = { batch: 2, context: 1000, heads: 16, groups: 4, headDim: 128, headDimV: 128 };
  const grouped = randomProblem(attentionDecode, { dims, dtype: "f16" });
  const odd = randomProblem(attentionDecode, { dims: { ...dims, groups: 16, headDim: 5, headDimV: 300 } });
  return [
    ...onBoth(decodeSource(grouped, "span"), "span f16 headDim=128 groups=4"),
    ...onBoth(decodeSource(odd, "span"), "span f32 headDim=5 headDimV=300"),
    ...onBoth(decodeSource(odd, "join"), "join f32"),
  ];
}

function walks(): Listed[] {
  const card = { multiprocessors: 132, sharedBytes: SHARED.sm_80 };
  const dims = { batch: 1, length: 4096, heads: 16, groups: 1, headDim: 64, state: 64 };
  const given = [
    [randomProblem(ssd, { dims, with: ["dt"] }), "f32"],
    [
      randomProblem(ssd, {
        dims: { ...dims, batch: 64, length: 1 },
        dtype: "bf16",
        with: ["dt", "dtBias", "D", "z", "initialState"],
        settings: { softplus: true, dtMin: 0.01 },
      }),
      "bf16 one token, everything",
    ],
  ] as const;
  return given.flatMap(([problem, name]) => {
    const asked = askedOf(problem);
    return onBoth(walkSource(asked, cutFor(asked, card, false), "walk"), `ssd walk ${name}`);
  });
}

/** @param all else the filters, which compile fastest */
export function ofSmall(all: boolean): Listed[] {
  return [...filters(), ...(all ? [...norms(), ...queries(), ...walks()] : [])];
}
