/** Just enough PNG (8-bit RGB or RGBA, not interlaced, as resvg and Chromium write it) to see whether something was drawn. */
import { inflateSync } from "node:zlib";

export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

export function pixels(png: Uint8Array): Picture {
  const bytes = Buffer.from(png);
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  if (bytes[24] !== 8 || ![2, 6].includes(bytes[25]) || bytes[28] !== 0)
    throw new Error("not 8-bit RGB or RGBA without interlace");
  const channels = bytes[25] === 6 ? 4 : 3;
  const parts: Buffer[] = [];
  for (let at = 8; at < bytes.length; ) {
    const size = bytes.readUInt32BE(at);
    if (bytes.toString("latin1", at + 4, at + 8) === "IDAT")
      parts.push(bytes.subarray(at + 8, at + 8 + size));
    at += size + 12;
  }
  const packed = inflateSync(Buffer.concat(parts));
  const stride = width * channels;
  const data = new Uint8Array(stride * height);
  for (let y = 0; y < height; y++) {
    const filter = packed[y * (stride + 1)];
    for (let i = 0; i < stride; i++) {
      const left = i >= channels ? data[y * stride + i - channels] : 0;
      const up = y > 0 ? data[(y - 1) * stride + i] : 0;
      const corner = i >= channels && y > 0 ? data[(y - 1) * stride + i - channels] : 0;
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter];
      data[y * stride + i] = packed[y * (stride + 1) + 1 + i] + guess;
    }
  }
  return { width, height, data: channels === 4 ? data : opaque(data) };
}

function opaque(rgb: Uint8Array): Uint8Array {
  const data = new Uint8Array((rgb.length / 3) * 4).fill(255);
  for (let i = 0; i < rgb.length; i++) data[Math.floor(i / 3) * 4 + (i % 3)] = rgb[i];
  return data;
}

function paeth(left: number, up: number, corner: number): number {
  const p = left + up - corner;
  const [a, b, c] = [Math.abs(p - left), Math.abs(p - up), Math.abs(p - corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}

/** Share of pixels that are white or nearly so. */
export function bright({ width, height, data }: Picture): number {
  let count = 0;
  for (let i = 0; i < width * height; i++)
    if (data[4 * i] > 240 && data[4 * i + 1] > 240 && data[4 * i + 2] > 240) count++;
  return count / (width * height);
}

/** Share of pixels of nearly this colour, e.g. "#0072B2". */
export function inked({ width, height, data }: Picture, ink: string): number {
  const wanted = [1, 3, 5].map((at) => Number.parseInt(ink.slice(at, at + 2), 16));
  let count = 0;
  for (let i = 0; i < width * height; i++)
    if (wanted.every((value, channel) => Math.abs(data[4 * i + channel] - value) < 16)) count++;
  return count / (width * height);
}
