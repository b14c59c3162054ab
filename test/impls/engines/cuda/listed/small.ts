/** The operators whose kernels are few lines: filters, norms, one query of attention; ssd's walk. */
import { attentionDecode } from "../../../../../impls/attention_decode/index.js";
import { decodeSource, joinSource } from "../../../../../impls/attention_decode/tiled.cuda.js";
import { directSource } from "../../../../../impls/causal_conv1d/direct.cuda.js";
import { causalConv1d } from "../../../../../impls/causal_conv1d/index.js";
import { type Problem, randomProblem } from "../../../../../impls/operator.js";
import { cutFor } from "../../../../../impls/recurrence/cuda/plan.js";
import { walkSource } from "../../../../../impls/recurrence/cuda/prepare.js";
import { stepCut, stepSource } from "../../../../../impls/recurrence/cuda/step.js";
import { fusedLaunch } from "../../../../../impls/rms_norm_gated/fused.cuda.js";
import { type RmsNormGated, rmsNormGated } from "../../../../../impls/rms_norm_gated/operator.js";
import { askedOf as askedOfScan } from "../../../../../impls/selective_scan/cuda/prepare.js";
import { selectiveScan } from "../../../../../impls/selective_scan/index.js";
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
  const odd = randomProblem(rmsNormGated, { dims: { ...dims, headDim: 5 }, dtype: "bf16", with: ["z"] });
  const wide = randomProblem(rmsNormGated, { dims: { ...dims, headDim: 512 }, with: ["z"] });
  const source = (problem: Problem<RmsNormGated>) => fusedLaunch(problem).source;
  return [
    ...onBoth(source(gated), "norm f16 z+bias"),
    ...onBoth(source(last), "norm f32 z last"),
    ...onBoth(source(odd), "norm bf16 of 80 channels z"),
    ...onBoth(source(wide), "norm f32 of 8192 channels z"),
  ];
}

function queries(): Listed[] {
  const dims = { batch: 2, context: 1000, heads: 16, groups: 4, headDim: 128, headDimV: 128 };
  const grouped = randomProblem(attentionDecode, { dims, dtype: "f16" });
  const odd = randomProblem(attentionDecode, { dims: { ...dims, groups: 16, headDim: 5, headDimV: 300 } });
  const many = randomProblem(attentionDecode, { dims: { ...dims, heads: 32, groups: 1 }, dtype: "bf16" });
  const alone = randomProblem(attentionDecode, {
    dims: { ...dims, groups: 16, headDim: 64, headDimV: 64 },
    dtype: "f16",
  });
  return [
    ...onBoth(decodeSource(grouped, "fma"), "span f16 headDim=128 groups=4"),
    ...onBoth(decodeSource(alone, "fma"), "span f16 headDim=64 groups=16"),
    ...onBoth(decodeSource(odd, "fma"), "span f32 headDim=5 headDimV=300"),
    ...onBoth(decodeSource(grouped, "mma"), "span mma f16 headDim=128 groups=4"),
    ...onBoth(decodeSource(many, "mma"), "span mma bf16 headDim=128 groups=1 heads=32"),
    ...onBoth(joinSource(grouped), "join f16 headDimV=128"),
    ...onBoth(joinSource(odd), "join f32 headDimV=300"),
  ];
}

function walks(): Listed[] {
  const card = { multiprocessors: 132, sharedBytes: SHARED.sm_80 };
  const dims = { batch: 1, length: 4096, heads: 16, groups: 1, headDim: 64, state: 64 };
  const given = [
    [randomProblem(ssd, { dims, with: ["dt"] }), "f32"],
    [
      randomProblem(ssd, {
        dims: { ...dims, batch: 64, length: 1, state: 5 },
        dtype: "bf16",
        with: ["dt", "dtBias", "D", "z", "initialState"],
        settings: { softplus: true, dtMin: 0.01 },
      }),
      "bf16 one token of 5 columns, everything",
    ],
  ] as const;
  return given.flatMap(([problem, name]) => {
    const asked = askedOf(problem);
    return onBoth(walkSource(asked, cutFor(asked, card, false), "walk"), `ssd walk ${name}`);
  });
}

/** One token of ssd and of the scan. */
function oneToken(): Listed[] {
  const dims = { batch: 64, length: 1, heads: 16, groups: 1, headDim: 64 };
  const rows = { ...dims, state: 128 };
  const asked = [
    askedOf(randomProblem(ssd, { dims: rows, dtype: "f16", with: ["dt", "initialState"] })),
    askedOfScan(
      randomProblem(selectiveScan, {
        dims: { ...dims, state: 16 },
        with: ["D", "z", "deltaBias", "initialState"],
        settings: { softplus: true },
      }),
    ),
  ];
  return asked.flatMap((one) => {
    const cut = stepCut(one, { multiprocessors: 132 });
    if (!cut) throw new Error("these sizes have a step");
    return onBoth(
      stepSource(one, cut),
      `${one.sharedDecay ? "ssd" : "scan"} step ${one.dtype} state=${one.dims.state}`,
    );
  });
}

/** @param all else the filters, which compile fastest */
export function ofSmall(all: boolean): Listed[] {
  return [...filters(), ...(all ? [...norms(), ...queries(), ...walks(), ...oneToken()] : [])];
}
