/** Shapes of GPU kernels that take the tokens one by one with the state in registers (ssd recurrent, selective scan). */

export interface TokenTiles {
  /** Channels a workgroup. */
  readonly PT: number;
  /** Lanes that share one channel's state. */
  readonly LT: number;
  /** Quads of the state a lane owns. */
  readonly RN4: number;
  /** Tokens whose inputs are staged together. */
  readonly TB: number;
}

/** Undefined when the state does not fit even with one token staged. */
export function fitTokenTiles(
  channels: number,
  state: number,
  room: { workgroupBytes: number; invocations: number },
): TokenTiles | undefined {
  const quads = 2 ** Math.ceil(Math.log2(Math.max(1, Math.ceil(state / 4))));
  const LT = Math.min(quads, 16);
  const RN4 = quads / LT;
  const PT = Math.max(
    1,
    Math.min(2 ** Math.ceil(Math.log2(channels)), Math.floor(Math.min(128, room.invocations) / LT)),
  );
  for (let TB = 16; TB >= 1; TB /= 2) {
    const bytes = 4 * TB * (8 * quads + 3 * PT + 1 + PT * LT);
    if (bytes <= room.workgroupBytes) return { PT, LT, RN4, TB };
  }
  return undefined;
}

/** A window of time in equal segments, but for the last one: members of the kernels' `Size`. */
export interface Segments {
  readonly segments: number;
  readonly segment_tokens: number;
}

/** About `wanted` segments, each of whole `quantum` tokens. */
export function cutSegments(tokens: number, wanted: number, quantum: number): Segments {
  const segment_tokens = Math.ceil(tokens / wanted / quantum) * quantum;
  return { segments: Math.ceil(tokens / segment_tokens), segment_tokens };
}
