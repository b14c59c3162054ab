/** All suites, in the order in which they are reported. */
import { sequenceLength } from "./sequence-length.js";
import { stateSize } from "./state-size.js";
import type { Suite } from "./suite.js";

export const suites: readonly Suite[] = [sequenceLength, stateSize];
