/** What callers give a kernel against what it declares. */
import { expect, it } from "vitest";
import { encodeNumbers, pairArguments } from "../../../../../impls/engines/webgpu/device/arguments.js";
import type { Binding, Member } from "../../../../../impls/engines/webgpu/device/bindings.js";

const members: readonly Member[] = [
  { name: "tokens", type: "u32" },
  { name: "shift", type: "i32" },
  { name: "scale", type: "f32" },
];
const bindings: readonly Binding[] = [
  { name: "size", number: 0, isUniform: true, members },
  { name: "X", number: 1, isUniform: false },
  { name: "jobs", number: 2, isUniform: false, members: members.slice(0, 1) },
];
const size = { scale: 0.1, shift: -3, tokens: 2 ** 32 - 1 };
/** No plain object: as a driver's buffer. */
class FakeBuffer {}
const buffer = new FakeBuffer() as unknown as GPUBuffer;
const pair = (args: Parameters<typeof pairArguments>[2]) => pairArguments("k.wgsl", bindings, args);

it("pairs by name, in the order of the bindings, whatever the caller's order is", () => {
  const given = pair({ jobs: [{ tokens: 1 }, { tokens: 2 }], X: buffer, size, z: undefined });
  expect(given.map(({ binding }) => binding.name)).toEqual(["size", "X", "jobs"]);
  expect(given[1]).toMatchObject({ buffer });
  expect(given[2]).toMatchObject({ words: Uint32Array.of(1, 2) });
});

it("lays numbers out by type, in the order of the struct", () => {
  const words = encodeNumbers("k.wgsl: size", members, [size, { ...size, tokens: 7 }]);
  expect(words).toHaveLength(6);
  const view = new DataView(words.buffer);
  expect([view.getUint32(0, true), view.getInt32(4, true), view.getFloat32(8, true)]).toEqual([
    2 ** 32 - 1,
    -3,
    Math.fround(0.1),
  ]);
  expect(words[3]).toBe(7);
});

it.each([
  [
    "a binding too many",
    { size, X: buffer, jobs: buffer, z: buffer },
    "k.wgsl uses no binding z; it has size, X, jobs",
  ],
  ["a binding too few", { size, X: buffer }, "k.wgsl got nothing for its binding jobs; it has size, X, jobs"],
  [
    "an undefined one",
    { size, X: undefined, jobs: buffer },
    "k.wgsl got nothing for its binding X; it has size, X, jobs",
  ],
  [
    "a member too many",
    { size: { ...size, n: 1 }, X: buffer, jobs: buffer },
    "k.wgsl: size uses no member n; it has tokens, shift, scale",
  ],
  [
    "a member too few",
    { size: { tokens: 1, scale: 1 }, X: buffer, jobs: buffer },
    "k.wgsl: size got nothing for its member shift; it has tokens, shift, scale",
  ],
  [
    "a member of one of several",
    { size, X: buffer, jobs: [{ tokens: 1 }, {}] },
    "k.wgsl: jobs got nothing for its member tokens; it has tokens",
  ],
  [
    "a buffer for numbers",
    { size: buffer, X: buffer, jobs: buffer },
    "k.wgsl: size takes numbers (tokens, shift, scale), got a buffer",
  ],
  ["numbers for a buffer", { size, X: { tokens: 1 }, jobs: buffer }, "k.wgsl: X takes a buffer, got numbers"],
  [
    "half a token",
    { size: { ...size, tokens: 1.5 }, X: buffer, jobs: buffer },
    "k.wgsl: size: tokens is of type u32, got 1.5",
  ],
  [
    "what a u32 does not hold",
    { size: { ...size, tokens: 2 ** 32 }, X: buffer, jobs: buffer },
    "tokens is of type u32, got 4294967296",
  ],
  [
    "a negative u32",
    { size: { ...size, tokens: -1 }, X: buffer, jobs: buffer },
    "tokens is of type u32, got -1",
  ],
  [
    "what an i32 does not hold",
    { size: { ...size, shift: 2 ** 31 }, X: buffer, jobs: buffer },
    "shift is of type i32, got 2147483648",
  ],
  [
    "no number",
    { size: { ...size, scale: Number.NaN }, X: buffer, jobs: buffer },
    "scale is of type f32, got NaN",
  ],
])("refuses %s", (_, args, message) => {
  expect(() => pair(args)).toThrow(message);
});
