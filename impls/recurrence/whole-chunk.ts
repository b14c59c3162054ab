/** Why an implementation that takes chunks of any length does not take this one; undefined where it does. */
export function whyNoChunk(chunk: number): string | undefined {
  return Number.isInteger(chunk) && chunk > 0
    ? undefined
    : `needs chunk to be a whole number of at least 1, got ${chunk}`;
}
