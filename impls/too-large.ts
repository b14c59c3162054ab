/** Forms that materialise what others stream say so before they run out of memory. */

/** Largest single tensor: 32-bit heaps hold a handful of these and no more. */
const LARGEST_BYTES = 2 ** 29;

/** A sentence when one tensor of the form would be larger than any backend takes, or undefined. */
export function tooLarge(what: string, bytes: number): string | undefined {
  if (bytes <= LARGEST_BYTES) return undefined;
  return `${what} would take ${mebibytes(bytes)} in one tensor, at most ${mebibytes(LARGEST_BYTES)} is supported`;
}

function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MiB`;
}
