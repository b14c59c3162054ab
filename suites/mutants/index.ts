/** Every planted bug by the name of its file. */
import type { AnyImplementation } from "../../impls/implementation.js";
import { blockGateOrder } from "./block-gate-order.js";
import { causalOffByOne } from "./causal-off-by-one.js";
import { convStateForgotten } from "./conv-state-forgotten.js";
import { dTimesDt } from "./d-times-dt.js";
import { documentLeak } from "./document-leak.js";
import { dtBiasForgotten } from "./dt-bias-forgotten.js";
import { epsOutside } from "./eps-outside.js";
import { exclusiveDecay } from "./exclusive-decay.js";
import { fftWithoutPadding } from "./fft-without-padding.js";
import { gateOrder } from "./gate-order.js";
import { gradientDocumentLeak } from "./gradient-document-leak.js";
import { gradientDtHalf } from "./gradient-dt-half.js";
import { gradientFinalState } from "./gradient-final-state.js";
import { gradientSoftplusThreshold } from "./gradient-softplus-threshold.js";
import { groupsInterleaved } from "./groups-interleaved.js";
import { initialStateForAll } from "./initial-state-for-all.js";
import { initialStateForgotten } from "./initial-state-forgotten.js";
import { lastChunkDropped } from "./last-chunk-dropped.js";
import { longSequences } from "./long-sequences.js";
import { normUngrouped } from "./norm-ungrouped.js";
import { ownKeyMissing } from "./own-key-missing.js";
import { partialChunkForgotten } from "./partial-chunk-forgotten.js";
import { readsOldState } from "./reads-old-state.js";
import { runningSums } from "./running-sums.js";
import { softmaxWithoutRescale } from "./softmax-without-rescale.js";
import { softplusThreshold } from "./softplus-threshold.js";
import { stateNotDecayed } from "./state-not-decayed.js";
import { tapLeaks } from "./tap-leaks.js";
import { tapsFlipped } from "./taps-flipped.js";
import { thirdHead } from "./third-head.js";
import { toeplitzOffByOne } from "./toeplitz-off-by-one.js";
import { zBeforeD } from "./z-before-d.js";

export const mutants = {
  "exclusive-decay": exclusiveDecay,
  "last-chunk-dropped": lastChunkDropped,
  "groups-interleaved": groupsInterleaved,
  "d-times-dt": dTimesDt,
  "z-before-d": zBeforeD,
  "running-sums": runningSums,
  "initial-state-forgotten": initialStateForgotten,
  "third-head": thirdHead,
  "long-sequences": longSequences,
  "softmax-without-rescale": softmaxWithoutRescale,
  "causal-off-by-one": causalOffByOne,
  "fft-without-padding": fftWithoutPadding,
  "taps-flipped": tapsFlipped,
  "tap-leaks": tapLeaks,
  "gate-order": gateOrder,
  "eps-outside": epsOutside,
  "toeplitz-off-by-one": toeplitzOffByOne,
  "document-leak": documentLeak,
  "initial-state-for-all": initialStateForAll,
  "softplus-threshold": softplusThreshold,
  "gradient-dt-half": gradientDtHalf,
  "gradient-final-state": gradientFinalState,
  "gradient-softplus-threshold": gradientSoftplusThreshold,
  "gradient-document-leak": gradientDocumentLeak,
  "partial-chunk-forgotten": partialChunkForgotten,
  "state-not-decayed": stateNotDecayed,
  "reads-old-state": readsOldState,
  "own-key-missing": ownKeyMissing,
  "conv-state-forgotten": convStateForgotten,
  "norm-ungrouped": normUngrouped,
  "block-gate-order": blockGateOrder,
  "dt-bias-forgotten": dtBiasForgotten,
} satisfies Readonly<Record<string, AnyImplementation>>;
