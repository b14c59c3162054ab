/**
 * Tensors that exceed one binding are cut along (batch, time) into windows; each window has buffers of its own, so every offset
 * inside a kernel is local and fits in 32 bits however large the tensor is. A window is either some whole batches or, where even
 * one batch is too large, a stretch of time of one batch; kernels then carry the state from one window to the next.
 */
export interface Window {
  readonly index: number;
  readonly batch0: number;
  readonly batches: number;
  readonly token0: number;
  readonly tokens: number;
  /** First and last stretch of its batches' time. */
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

/** @param bytesPerToken of the widest tensor or scratch a kernel binds */
export function planWindows(
  batch: number,
  length: number,
  bytesPerToken: number,
  maxBytes: number,
  quantum = 1,
): Window[] {
  const windows: Window[] = [];
  const perBatch = length * bytesPerToken;
  if (perBatch <= maxBytes) {
    const batches = Math.max(1, Math.floor(maxBytes / perBatch));
    for (let batch0 = 0; batch0 < batch; batch0 += batches)
      windows.push({
        index: windows.length,
        batch0,
        batches: Math.min(batches, batch - batch0),
        token0: 0,
        tokens: length,
        isFirst: true,
        isLast: true,
      });
    return windows;
  }
  const tokens = Math.floor(maxBytes / bytesPerToken / quantum) * quantum;
  if (tokens < 1)
    throw new Error(
      `${quantum} tokens need ${quantum * bytesPerToken} bytes in one binding, this adapter offers ${maxBytes}`,
    );
  for (let batch0 = 0; batch0 < batch; batch0++)
    for (let token0 = 0; token0 < length; token0 += tokens)
      windows.push({
        index: windows.length,
        batch0,
        batches: 1,
        token0,
        tokens: Math.min(tokens, length - token0),
        isFirst: token0 === 0,
        isLast: token0 + tokens >= length,
      });
  return windows;
}

/** Axes of a tensor and bytes of one element. */
export interface TensorShape {
  readonly axes: readonly string[];
  readonly bytes: number;
}

/** Bytes of a tensor for each token of a window; 0 where no window cuts it. */
export function bytesPerToken({ axes, bytes }: TensorShape, dims: Readonly<Record<string, number>>): number {
  const rest = (from: number) => axes.slice(from).reduce((product, axis) => product * dims[axis]!, bytes);
  if (axes[0] !== "batch") return 0;
  if (axes[1] === "length") return rest(2);
  return rest(1) / (dims.length ?? 1); // whole batches: their bytes spread over the batch's tokens
}

/** How a tensor's first axes follow a window. */
export type Layout = "tokens" | "context" | "batch" | "shared";

export function layoutOf(axes: readonly string[]): Layout {
  if (axes[0] !== "batch") return "shared";
  if (axes[1] === "length") return "tokens";
  return axes[1] === "context" ? "context" : "batch";
}

/** Rows `[row0, row0 + rows)` of `width` elements that a window sees of a tensor. */
export function sliceOf(
  axes: readonly string[],
  shape: readonly number[],
  window: Window,
): { row0: number; rows: number; width: number } {
  const rest = (from: number) => shape.slice(from).reduce((product, size) => product * size, 1);
  switch (layoutOf(axes)) {
    case "tokens":
      return {
        row0: window.batch0 * (shape[1] ?? 1) + window.token0,
        rows: window.batches * window.tokens,
        width: rest(2),
      };
    case "context":
      return {
        row0: window.batch0 * (shape[1] ?? 1),
        rows: window.batches * (shape[1] ?? 1),
        width: rest(2),
      };
    case "batch":
      return { row0: window.batch0, rows: window.batches, width: rest(1) };
    default:
      return { row0: 0, rows: 1, width: rest(0) };
  }
}
