/** Rectangles and lines of a plot in pixels, y downwards: what may not lie on what. */
export interface Box {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

export type Line = readonly (readonly [x: number, y: number])[];

export function overlap(a: Box, b: Box): boolean {
  return a.x1 < b.x2 && b.x1 < a.x2 && a.y1 < b.y2 && b.y1 < a.y2;
}

/** Whether a line, or a marker of this radius on one of its points, touches the box. */
export function crosses(box: Box, line: Line, radius: number): boolean {
  return line.some(([x, y], i) => {
    const [dx, dy] = [Math.max(box.x1 - x, x - box.x2), Math.max(box.y1 - y, y - box.y2)];
    if (dx < radius && dy < radius) return true;
    const next = line[i + 1];
    if (!next) return false;
    // Liang-Barsky: the part of the segment that is inside the box.
    let [from, to] = [0, 1];
    for (const [p, low, high, q] of [
      [x, box.x1, box.x2, next[0]],
      [y, box.y1, box.y2, next[1]],
    ]) {
      if (p === q) {
        if (p < low || p > high) return false;
        continue;
      }
      const [s, t] = [(low - p) / (q - p), (high - p) / (q - p)];
      from = Math.max(from, Math.min(s, t));
      to = Math.min(to, Math.max(s, t));
    }
    return from < to;
  });
}
