/** What is read from WGSL: bindings that an entry point uses, and structs of numbers. */
import { expect, it } from "vitest";
import { bindingsOf } from "../../../../../impls/engines/webgpu/device/bindings.js";

const names = (wgsl: string, entryPoint?: string) => bindingsOf(wgsl, entryPoint).map(({ name }) => name);

it("reads name, number, space and the members of a struct, however they are set", () => {
  const text = `
    enable f16;
    struct Size { tokens: u32, // of a window
      scale : f32,
      offset: i32 }
    @group(0) @binding(7) var<storage, read_write> Y: array<f16>;
    @binding( 2 )
    @group(0,) var < uniform > size : Size ;
    @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) { Y[id.x] = f16(size.scale); }`;
  const members = [
    { name: "tokens", type: "u32" },
    { name: "scale", type: "f32" },
    { name: "offset", type: "i32" },
  ];
  expect(bindingsOf(text)).toEqual([
    { name: "size", number: 2, isUniform: true, members },
    { name: "Y", number: 7, isUniform: false },
  ]);
});

it("reads an array of structs of numbers, and leaves other types to buffers", () => {
  const text = `
    struct Job { first: u32, count: u32, }
    struct Mixed { at: vec2u, count: u32 }
    alias Octets = array<vec4<u32>>;
    @group(0) @binding(0) var<storage, read> jobs: array<Job>;
    @group(0) @binding(1) var<storage, read> mixed: Mixed;
    @group(0) @binding(2) var<storage, read> X: Octets;
    @group(0) @binding(3) var<storage, read_write> found: array<atomic<u32>, 4>;
    @compute @workgroup_size(1) fn main() { atomicAdd(&found[0], jobs[0].first + mixed.count + X[0].x); }`;
  expect(bindingsOf(text).map(({ name, members }) => [name, members?.length])).toEqual([
    ["jobs", 2],
    ["mixed", undefined],
    ["X", undefined],
    ["found", undefined],
  ]);
});

it("keeps what the entry point reaches through functions, and drops what only others do", () => {
  const text = `
    @group(0) @binding(0) var<storage, read> A: array<f32>;
    @group(0) @binding(1) var<storage, read> B: array<f32>;
    @group(0) @binding(2) var<storage, read> C: array<f32>;
    @group(0) @binding(3) var<storage, read_write> Y: array<f32>;
    @group(0) @binding(4) var<storage, read> unused: array<f32>;
    struct Pair { B: f32, first: f32 }
    fn load(tensor: ptr<storage, array<f32>>, i: u32) -> f32 { return (*tensor)[i]; }
    fn load_a(i: u32) -> f32 { return load(&A, i); }
    fn load_b(i: u32) -> f32 { return load(&B, i); } // only "second" calls it; C and unused stand in comments here
    fn recurses(i: u32) -> f32 { return load_a(i) + recurses(i - 1u); }
    @compute @workgroup_size(1) fn first() { let pair = Pair(); Y[0] = recurses(0u) + pair.B; /* unused[0] */ }
    @compute @workgroup_size(1) fn second() { Y[0] = load_b(0u) + C[0]; }`;
  expect(names(text, "first")).toEqual(["A", "Y"]);
  expect(names(text, "second")).toEqual(["B", "C", "Y"]);
  expect(names(text)).toEqual(["A", "Y"]);
  expect(names(text, "third")).toEqual([]);
});

it("refuses a binding of another group, which nothing would ever bind", () => {
  const text = `@group(1) @binding(0) var<uniform> size: u32;
    @compute @workgroup_size(1) fn main() { _ = size; }`;
  expect(() => bindingsOf(text)).toThrow("binding size is not in group 0");
});
