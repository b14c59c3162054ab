/** The native kernel's arguments, for a problem or for some channels among others. */
import type { Plan } from "../../engines/native.js";

/** Tokens a task takes: enough that laying out the weights costs little. */
const SPAN = 128;

/** Channels beside others: how many, floats from a token of X to the next, and channels of the states. */
export interface Channels {
  readonly channels: number;
  readonly rowX: number;
  readonly stateChannels: number;
}

export function directPlan(
  { width, past }: Readonly<Record<"width" | "past", number>>,
  silu: boolean,
  which: Channels,
  threads: number,
): Plan {
  return {
    kernel: new URL("./direct.c", import.meta.url),
    values: { ...which, silu: silu ? 1 : 0, span: SPAN },
    threads,
    // the weights of each tap and the tokens before the first one, as rows of channels
    scratchBytes: 4 * which.channels * (width + past),
  };
}
