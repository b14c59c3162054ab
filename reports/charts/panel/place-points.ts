/** Names beside single points: in the first place that touches nothing; where there is none the point has no name. */
import { type Box, crosses, type Line, overlap } from "./boxes.js";

export interface NamedPoint {
  readonly key: string;
  readonly x: number;
  readonly y: number;
  /** Size of its text in pixels. */
  readonly width: number;
  readonly height: number;
}

export interface PlacedName {
  readonly key: string;
  /** Left end and middle of the text. */
  readonly x: number;
  readonly y: number;
}

export interface Surroundings {
  readonly width: number;
  readonly height: number;
  /** Radius that a marker takes. */
  readonly radius: number;
  readonly lines: readonly Line[];
  readonly taken?: readonly Box[];
}

/** Earlier points choose first. */
export function placeNames(points: readonly NamedPoint[], around: Surroundings): PlacedName[] {
  const { width, height, radius, lines } = around;
  const markers = points.map(({ x, y }): Line => [[x, y]]);
  const taken: Box[] = [...(around.taken ?? [])];
  const isFree = (box: Box) =>
    box.x1 >= 0 &&
    box.x2 <= width &&
    box.y1 >= 0 &&
    box.y2 <= height &&
    !taken.some((other) => overlap(box, other)) &&
    !markers.some((marker) => crosses(box, marker, radius)) &&
    !lines.some((line) => crosses(box, line, 1));
  return points.flatMap((point) => {
    const box = spots(point, radius).find(isFree);
    if (!box) return [];
    taken.push(box);
    return [{ key: point.key, x: box.x1 + 1, y: (box.y1 + box.y2) / 2 }];
  });
}

/** Right, left, above, below, then the corners; close first. */
function spots({ x, y, width, height }: NamedPoint, radius: number): Box[] {
  const at = (left: number, middle: number): Box => ({
    x1: left - 1,
    x2: left + width + 1,
    y1: middle - height / 2,
    y2: middle + height / 2,
  });
  const [side, over] = [radius + 4, radius + 2 + height / 2];
  return [
    at(x + side, y),
    at(x - width - side, y),
    at(x - width / 2, y - over),
    at(x - width / 2, y + over),
    at(x + side / 2, y - over),
    at(x + side / 2, y + over),
    at(x - width - side / 2, y - over),
    at(x - width - side / 2, y + over),
  ];
}
