import { builtin, inBrowser } from "../platform.js";

/** "relaxed" has a fused multiply-add, "plain" rounds the product first. */
export type Simd = "relaxed" | "plain";

// (module (func (result v128) (f32x4.relaxed_madd (v128.const 0) (v128.const 0) (v128.const 0))))
const zero = [0xfd, 0x0c, ...new Array(16).fill(0)];
const body = [0x00, ...zero, ...zero, ...zero, 0xfd, 0x85, 0x02, 0x0b];
const header = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
const probe = new Uint8Array([
  ...header,
  1,
  5,
  1,
  0x60,
  0,
  1,
  0x7b,
  3,
  2,
  1,
  0,
  10,
  body.length + 2,
  1,
  body.length,
  ...body,
]);

let level: Simd | undefined;

/**
 * The best SIMD this process can run. Must come before the first compile: Node 20 has relaxed SIMD behind a V8 flag
 * (V8 11.3), newer Node has it on and prints an error for the unknown flag, so the flag is set only where the probe fails.
 */
export function simdLevel(): Simd {
  if (level) return level;
  if (!inBrowser() && !WebAssembly.validate(probe))
    builtin("node:v8").setFlagsFromString("--experimental-wasm-relaxed-simd");
  level = WebAssembly.validate(probe) ? "relaxed" : "plain";
  return level;
}
