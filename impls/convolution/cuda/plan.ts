/** How long rows are padded, and how many channels are transformed together. */

/** As cuFFT has kernels for: a prime length costs several times as much as one beside it. */
const FACTORS = [2, 3, 5, 7];

/** Two buffers of rows that stay in the last-level cache from one step to the next. */
const PART_BYTES = 40 * 2 ** 20;

/** The shortest even length of small factors on which what wraps around falls on zeros. */
export function paddedLength(length: number): number {
  let padded = Math.max(2, 2 * length - 1);
  while (padded % 2 !== 0 || !isSmooth(padded)) padded++;
  return padded;
}

function isSmooth(n: number): boolean {
  let rest = n;
  for (const factor of FACTORS) while (rest % factor === 0) rest /= factor;
  return rest === 1;
}

/** The largest share of the channels, all shares equal, whose rows fit. */
export function channelsTogether(channels: number, padded: number, bytes = PART_BYTES): number {
  const most = Math.max(1, Math.floor(bytes / (8 * (padded + 2))));
  for (let parts = Math.ceil(channels / most); parts < channels; parts++)
    if (channels % parts === 0) return channels / parts;
  return 1;
}
