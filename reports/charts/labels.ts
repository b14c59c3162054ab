/**
 * Names at line ends. A curve that reaches the right edge gets its name in the margin, moved up or down until no two overlap and tied
 * to its end by a thin leader; one that ends earlier gets it inside the plot where nothing is hit. What fits nowhere goes to a legend.
 */
export interface LabelRequest {
  readonly key: string;
  /** Size of its text in pixels. */
  readonly width: number;
  readonly height: number;
  /** The curve in plot pixels, y downwards, in order of x. */
  readonly line: readonly (readonly [x: number, y: number])[];
}

export interface PlacedLabel {
  readonly key: string;
  readonly where: "margin" | "inside" | "legend";
  /** Left end and middle of the text. */
  readonly x: number;
  readonly y: number;
  /** From the curve's end to the text, when it had to move. */
  readonly leader?: readonly [x1: number, y1: number, x2: number, y2: number];
}

interface Box {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

const GAP = 22; // between the end of the plot and the text of the margin: leader and marker
const AIR = 4;

export function placeLabels(requests: readonly LabelRequest[], width: number, height: number): PlacedLabel[] {
  const margin: LabelRequest[] = [];
  const inside: LabelRequest[] = [];
  const furthest = Math.max(...requests.map((request) => end(request)[0]));
  for (const request of requests) (end(request)[0] > furthest - 2 ? margin : inside).push(request);

  const placed: PlacedLabel[] = [];
  const taken: Box[] = [];
  for (const request of inside) {
    const at = spotInside(request, requests, taken, width, height);
    if (!at) {
      margin.push(request);
      continue;
    }
    taken.push({
      x1: at[0] - AIR,
      x2: at[0] + request.width,
      y1: at[1] - request.height / 2,
      y2: at[1] + request.height / 2,
    });
    placed.push({ key: request.key, where: "inside", x: at[0], y: at[1] });
  }

  const room = margin.reduce((sum, request) => sum + request.height + AIR, 0);
  if (room > height + 2 * AIR) {
    // Too many for their place: a legend of all of them, in the order of their ends.
    const legend = margin.toSorted((a, b) => end(a)[1] - end(b)[1]);
    return [
      ...placed,
      ...legend.map((request, i) => ({
        key: request.key,
        where: "legend" as const,
        x: width + GAP,
        y: 8 + i * request.height,
      })),
    ];
  }
  const ys = spread(margin, height);
  margin.forEach((request, i) => {
    const [x, y] = end(request);
    const leader = [Math.min(x + 6, width), y, width + GAP - 14, ys[i]] as const;
    placed.push({ key: request.key, where: "margin", x: width + GAP, y: ys[i], leader });
  });
  return placed;
}

function end({ line }: LabelRequest): readonly [number, number] {
  return line.at(-1) ?? [0, 0];
}

/** Least squares of movement without overlap (pool adjacent violators), kept within the plot's height. */
function spread(requests: readonly LabelRequest[], height: number): number[] {
  const order = requests.map((_, i) => i).sort((a, b) => end(requests[a])[1] - end(requests[b])[1]);
  interface Block {
    items: number[];
    /** Middle of the block. */
    center: number;
    size: number;
  }
  const blocks: Block[] = [];
  const clamp = (block: Block) => {
    block.center = Math.max(block.size / 2 - AIR, Math.min(height - block.size / 2 + AIR, block.center));
  };
  for (const i of order) {
    let block: Block = { items: [i], center: end(requests[i])[1], size: requests[i].height + AIR };
    clamp(block);
    while (blocks.length > 0) {
      const above = blocks.at(-1)!;
      if (above.center + above.size / 2 <= block.center - block.size / 2) break;
      blocks.pop();
      const items = [...above.items, ...block.items];
      const size = above.size + block.size;
      // The block's middle that moves its members least on average from their wishes.
      let offset = 0;
      let sum = 0;
      for (const item of items) {
        const own = requests[item].height + AIR;
        sum += end(requests[item])[1] - (offset + own / 2);
        offset += own;
      }
      block = { items, size, center: sum / items.length + size / 2 };
      clamp(block);
    }
    blocks.push(block);
  }
  const ys: number[] = [];
  for (const block of blocks) {
    let top = block.center - block.size / 2;
    for (const item of block.items) {
      const own = requests[item].height + AIR;
      ys[item] = top + own / 2;
      top += own;
    }
  }
  return ys;
}

/** Right of the end, above, below or left of it, whichever is free of lines, of other names and inside the plot. */
function spotInside(
  request: LabelRequest,
  all: readonly LabelRequest[],
  taken: readonly Box[],
  width: number,
  height: number,
): readonly [number, number] | undefined {
  const [x, y] = end(request);
  const { width: w, height: h } = request;
  const spots: (readonly [number, number])[] = [
    [x + 10, y],
    [x + 8, y - h / 2 - 4],
    [x + 8, y + h / 2 + 4],
    [x - w - 10, y],
    [x - w / 2, y - h / 2 - 10],
    [x - w - 6, y - h / 2 - 4],
    [x - w / 2, y + h / 2 + 10],
  ];
  return spots.find(([left, middle]) => {
    const box = { x1: left - 2, x2: left + w + 2, y1: middle - h / 2 - 1, y2: middle + h / 2 + 1 };
    if (box.x1 < 2 || box.x2 > width || box.y1 < 0 || box.y2 > height) return false;
    if (taken.some((other) => overlap(box, other))) return false;
    return !all.some(({ line }) => crosses(box, line));
  });
}

function overlap(a: Box, b: Box): boolean {
  return a.x1 < b.x2 && b.x1 < a.x2 && a.y1 < b.y2 && b.y1 < a.y2;
}

function crosses(box: Box, line: LabelRequest["line"]): boolean {
  return line.some(([x, y], i) => {
    if (x > box.x1 - 5 && x < box.x2 + 5 && y > box.y1 - 5 && y < box.y2 + 5) return true; // a marker
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
