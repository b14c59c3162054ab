/**
 * Names at line ends. A curve that reaches furthest gets its name in the margin, moved up or down until no two overlap and tied to its
 * end by a thin leader; one that ends earlier gets it inside the plot where nothing is hit. What fits nowhere stands in the margin
 * without a leader: its marker and colour are then the legend.
 */
import { type Box, crosses, type Line, overlap } from "./boxes.js";

export interface LabelRequest {
  readonly key: string;
  /** Size of its text in pixels. */
  readonly width: number;
  readonly height: number;
  /** The curve in plot pixels, y downwards, in order of x. */
  readonly line: Line;
  /** What else it draws that no name may cover: its interval. */
  readonly band?: readonly Line[];
}

export interface PlacedLabel {
  readonly key: string;
  readonly where: "margin" | "inside" | "legend";
  /** Left end and middle of the text. */
  readonly x: number;
  readonly y: number;
  /** From the curve's end to the text, when it had to move. */
  readonly leader?: Leader;
}

export type Leader = readonly [x1: number, y1: number, x2: number, y2: number];

const GAP = 22; // between the end of the plot and the text of the margin: leader and marker
const AIR = 4;

export function placeLabels(requests: readonly LabelRequest[], width: number, height: number): PlacedLabel[] {
  const margin: LabelRequest[] = [];
  const inside: LabelRequest[] = [];
  const near = 0.06 * width;
  const furthest = Math.max(...requests.map((request) => end(request)[0]));
  for (const request of requests) (end(request)[0] > furthest - near ? margin : inside).push(request);

  const placed: PlacedLabel[] = [];
  const taken: Box[] = [];
  const leaders: Line[] = [];
  // Close by first, for all of them: a leader of one must not take the place beside another's end.
  const waiting = inside.filter((request) => !place(request, nearSpots(request)));
  margin.push(...waiting.filter((request) => !place(request, farSpots(request))));

  function place(request: LabelRequest, spots: readonly Spot[]): boolean {
    const at = spots.find((spot) => free(request, spot, requests, taken, leaders, width, height));
    if (!at) return false;
    taken.push(boxAt(request, at));
    const leader = leaderTo(request, at);
    if (leader) leaders.push(asLine(leader));
    placed.push({ key: request.key, where: "inside", x: at[0], y: at[1], ...(leader ? { leader } : {}) });
    return true;
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
    const at = { key: request.key, x: width + GAP, y: ys[i] };
    if (x <= furthest - near) placed.push({ ...at, where: "legend" });
    else
      placed.push({ ...at, where: "margin", leader: [Math.min(x + 6, width), y, width + GAP - 14, ys[i]] });
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

type Spot = readonly [left: number, middle: number];

function boxAt({ width, height }: LabelRequest, [left, middle]: Spot): Box {
  return { x1: left - 2, x2: left + width + 2, y1: middle - height / 2 - 1, y2: middle + height / 2 + 1 };
}

/** A name that stands apart from its curve's end is tied to it. */
function leaderTo(request: LabelRequest, [left, middle]: Spot): Leader | undefined {
  const [x, y] = end(request);
  if (Math.abs(middle - y) - request.height / 2 <= 12) return undefined;
  const side = middle > y ? 1 : -1;
  const foot = Math.min(Math.max(x, left + 6), left + request.width - 6);
  return [x, y + side * 5, foot, middle - side * (request.height / 2)];
}

function asLine([x1, y1, x2, y2]: Leader): Line {
  return [
    [x1, y1],
    [x2, y2],
  ];
}

/** Right of the end, above, below, left of it. */
function nearSpots(request: LabelRequest): Spot[] {
  const [x, y] = end(request);
  const { width: w, height: h } = request;
  return [
    [x + 10, y],
    [x + 8, y - h / 2 - 4],
    [x + 8, y + h / 2 + 4],
    [x - w - 10, y],
    [x - w / 2, y - h / 2 - 10],
    [x - w - 6, y - h / 2 - 4],
    [x - w / 2, y + h / 2 + 10],
  ];
}

function farSpots(request: LabelRequest): Spot[] {
  const [x, y] = end(request);
  const { width: w, height: h } = request;
  return [18, 30, 45, 60, 80].flatMap((d) =>
    [-1, 1].flatMap((side) =>
      [x - w / 2, x + 4, x - w - 4, x + 30, x - w - 30].map((left): Spot => [left, y + side * (d + h / 2)]),
    ),
  );
}

/** Whether a name at this spot is clear of the plot's edges, lines, markers, other names and leaders. */
function free(
  request: LabelRequest,
  spot: Spot,
  all: readonly LabelRequest[],
  taken: readonly Box[],
  leaders: readonly Line[],
  width: number,
  height: number,
): boolean {
  const box = boxAt(request, spot);
  if (box.x1 < 0 || box.x2 > width || box.y1 < -1 || box.y2 > height) return false;
  if (taken.some((other) => overlap(box, other)) || leaders.some((line) => crosses(box, line, 0)))
    return false;
  if (all.some(({ line, band = [] }) => crosses(box, line, 5) || band.some((edge) => crosses(box, edge, 1))))
    return false;
  const leader = leaderTo(request, spot);
  if (!leader) return true;
  return !taken.some((other) => crosses(other, asLine(leader), 0)) && clearOfCurves(request, leader, all);
}

/** Whether a leader crosses no other curve: a few boxes along it stand for it. */
function clearOfCurves(request: LabelRequest, leader: Leader, all: readonly LabelRequest[]): boolean {
  const [x1, y1, x2, y2] = leader;
  const steps = Array.from({ length: 12 }, (_, i) => (i + 1) / 13);
  return steps.every((t) => {
    const [x, y] = [x1 + t * (x2 - x1), y1 + t * (y2 - y1)];
    const reach = Math.abs(y2 - y1) / 24 + 1;
    const box = { x1: x - 1, x2: x + 1, y1: y - reach, y2: y + reach };
    return all.every((other) => other === request || !crosses(box, other.line, 2));
  });
}
