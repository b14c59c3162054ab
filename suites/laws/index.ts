/** Every law, the comparison with the reference first: it gets most of the cases. */
import { attentionRange } from "./attention-range.js";
import { blockSplit } from "./block-split.js";
import { causality } from "./causality.js";
import { chunkLength } from "./chunk-length.js";
import { decodeSteps } from "./decode-steps.js";
import { duality } from "./duality.js";
import { featureMaps } from "./feature-maps.js";
import { filterResumes } from "./filter-resumes.js";
import { formsAgree } from "./forms-agree.js";
import { keyOrder } from "./key-order.js";
import type { AnyLaw } from "./law.js";
import { linearAttention } from "./linear-attention.js";
import { linearity } from "./linearity.js";
import { mamba3IsSsd } from "./mamba3-is-ssd.js";
import { mamba3Resumes } from "./mamba3-resumes.js";
import { reset } from "./non-finite/reset.js";
import { nanShows } from "./non-finite/shows.js";
import { signedZeros } from "./non-finite/signed-zeros.js";
import { nanInDocuments, nanStays } from "./non-finite/stays.js";
import { zeroStep } from "./non-finite/zero-step.js";
import { normScales } from "./norm-scales.js";
import { packedDocuments } from "./packed-documents.js";
import { packedGradients } from "./packed-gradients.js";
import { permutation } from "./permutation.js";
import { prefill } from "./prefill.js";
import { recurrenceIsConvolution } from "./recurrence-is-convolution.js";
import { retention } from "./retention.js";
import { reverseCausality } from "./reverse-causality.js";
import { scaling } from "./scaling.js";
import { scanIsSsd } from "./scan-is-ssd.js";
import { shiftedKeys } from "./shifted-keys.js";
import { splitResume } from "./split-resume.js";

export const laws: readonly AnyLaw[] = [
  formsAgree,
  causality,
  linearity,
  scaling,
  chunkLength,
  splitResume,
  linearAttention,
  retention,
  scanIsSsd,
  duality,
  attentionRange,
  shiftedKeys,
  keyOrder,
  recurrenceIsConvolution,
  permutation,
  filterResumes,
  normScales,
  packedDocuments,
  packedGradients,
  reverseCausality,
  decodeSteps,
  prefill,
  nanStays,
  nanInDocuments,
  nanShows,
  reset,
  zeroStep,
  signedZeros,
  mamba3IsSsd,
  mamba3Resumes,
  blockSplit,
  featureMaps,
];
