/**
 * Widths of text in the font that charts are drawn with, read from the font file itself: Vega without a canvas guesses 0.8 em a
 * character, which shifts everything that is laid out by width.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const file = (name: string) => require.resolve(`dejavu-fonts-ttf/ttf/${name}.ttf`);

/** Given to resvg, which drops text silently when it has no font. */
export const FONT_FILES = [file("DejaVuSansCondensed"), file("DejaVuSansCondensed-Bold")] as const;

interface Face {
  readonly unitsPerEm: number;
  has(codePoint: number): boolean;
  advance(codePoint: number): number;
}

const faces = new Map<boolean, Face>();

function face(bold: boolean): Face {
  const known = faces.get(bold);
  if (known) return known;
  const read = parse(readFileSync(FONT_FILES[bold ? 1 : 0]));
  faces.set(bold, read);
  return read;
}

/** Width in pixels of one line. */
export function textWidth(text: string, sizePx: number, bold = false): number {
  const { unitsPerEm, advance } = face(bold);
  let units = 0;
  for (const character of text) units += advance(character.codePointAt(0)!);
  return (units * sizePx) / unitsPerEm;
}

/** Characters that the font has no shape for: they would be drawn as empty boxes. */
export function missingCharacters(text: string): string[] {
  const { has } = face(false);
  return [...new Set(text)].filter((character) => !has(character.codePointAt(0)!));
}

/** head, hhea, hmtx and the format 4 subtable of cmap (OpenType 1.9). */
function parse(bytes: Buffer): Face {
  const table = new Map<string, number>();
  for (let i = 0; i < bytes.readUInt16BE(4); i++) {
    const at = 12 + 16 * i;
    table.set(bytes.toString("latin1", at, at + 4), bytes.readUInt32BE(at + 8));
  }
  const unitsPerEm = bytes.readUInt16BE(table.get("head")! + 18);
  const metrics = bytes.readUInt16BE(table.get("hhea")! + 34);
  const hmtx = table.get("hmtx")!;
  const glyph = characterMap(bytes, table.get("cmap")!);
  const widths = new Map<number, number>();
  return {
    unitsPerEm,
    has: (codePoint) => glyph(codePoint) !== 0,
    advance(codePoint) {
      const known = widths.get(codePoint);
      if (known !== undefined) return known;
      const width = bytes.readUInt16BE(hmtx + 4 * Math.min(glyph(codePoint), metrics - 1));
      widths.set(codePoint, width);
      return width;
    },
  };
}

function characterMap(bytes: Buffer, cmap: number): (codePoint: number) => number {
  let at = -1;
  for (let i = 0; i < bytes.readUInt16BE(cmap + 2); i++) {
    const offset = cmap + bytes.readUInt32BE(cmap + 4 + 8 * i + 4);
    if (bytes.readUInt16BE(offset) === 4) at = offset;
  }
  if (at < 0) return () => 0;
  const double = bytes.readUInt16BE(at + 6); // twice the number of segments
  const [ends, starts] = [at + 14, at + 16 + double];
  const [deltas, ranges] = [starts + double, starts + 2 * double];
  return (codePoint) => {
    for (let s = 0; s < double; s += 2) {
      if (codePoint > bytes.readUInt16BE(ends + s)) continue;
      const start = bytes.readUInt16BE(starts + s);
      if (codePoint < start) return 0;
      const range = bytes.readUInt16BE(ranges + s);
      const delta = bytes.readUInt16BE(deltas + s);
      if (range === 0) return (codePoint + delta) & 0xffff;
      const glyph = bytes.readUInt16BE(ranges + s + range + 2 * (codePoint - start));
      return glyph === 0 ? 0 : (glyph + delta) & 0xffff;
    }
    return 0;
  };
}
