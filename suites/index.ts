/** All suites, in the order in which they are reported. */
import { anchor } from "./anchor.js";
import { batch } from "./batch.js";
import { block } from "./block.js";
import { blockParts } from "./block-parts.js";
import { decode } from "./decode.js";
import { documents } from "./documents.js";
import { heads } from "./heads.js";
import { models } from "./models.js";
import { parallel } from "./parallel.js";
import { relatives } from "./relatives.js";
import { sequenceLength } from "./sequence-length.js";
import { stateSize } from "./state-size.js";
import type { Suite } from "./suite.js";
import { threads } from "./threads.js";
import { training } from "./training.js";

export const suites: readonly Suite[] = [
  sequenceLength,
  stateSize,
  threads,
  batch,
  anchor,
  models,
  documents,
  blockParts,
  block,
  heads,
  training,
  decode,
  relatives,
  parallel,
];

/** The named ones, or all that need no naming. */
export function chooseSuites(names: readonly string[]): readonly Suite[] {
  return suites.filter(({ name, onlyNamed }) => (names.length === 0 ? !onlyNamed : names.includes(name)));
}
