/** Every form that is simulated. */
import { materialised, tiled } from "./forms/attention.js";
import { direct, fft } from "./forms/convolution.js";
import { associative, recurrent as scanRecurrent } from "./forms/selective-scan.js";
import { chunked, recurrent } from "./forms/ssd.js";
import type { Subject } from "./subject.js";
import { attentionSubject, maskedSubject } from "./subjects/attention.js";
import { convolutionSubject, normSubject, shortConvolutionSubject } from "./subjects/channels.js";
import { scanSubject, ssdSubject } from "./subjects/recurrences.js";

/** @param length tokens: what is claimed of so many depends on the roundoff (ssd/README.md, "Validity") */
export function subjects(length: number): Subject[] {
  const chunk = Math.ceil(length / 3);
  const tile = Math.ceil(length / 4);
  return [
    ssdSubject("recurrent", recurrent(), 0, length),
    ssdSubject("quadratic", chunked(length), length, length),
    ssdSubject("chunked", chunked(chunk), chunk, length),
    scanSubject("recurrent", scanRecurrent, length),
    scanSubject("scan", associative, length),
    attentionSubject("materialised", materialised, length, 0),
    attentionSubject("tiled", tiled(tile), length, 4),
    maskedSubject(length),
    convolutionSubject("direct", direct, length),
    convolutionSubject("fft", fft, length),
    shortConvolutionSubject(length),
    normSubject(length),
  ];
}
