// cycles of a multiprocessor that one turn of a small loop costs a workgroup of 8 subgroups
import { open } from "./impls/engines/webgpu.js";
const e: any = await open(undefined, { named: !!process.env.NAMED, robust: false } as any);
const gpu = e.gpu; const dev: GPUDevice = gpu.device;
const SW = +(process.env.LANES ?? 32), WGS = process.env.NAMED ? 2 : 1056, ITER = process.env.NAMED ? 1 : 100, M = process.env.NAMED ? 8 : 16;
const per: any = { "f32": 1, "vec4<f32>": 4, "vec4<u32>": 4 }; const per16: any = { "f16": 1, "vec4<u32>": 8, "u32": 2 };
const cases: any[] = [];
const add = (name: string, type: string, body: string, pre = "", post = "") => cases.push({ name, type, body, pre, post });
const B = "workgroupBarrier();";
add("barrier", "f32", B); add("2 barriers", "f32", B + B);
for (const t of ["f32", "vec4<f32>", "vec4<u32>"]) { const k = per[t]; const ld = 68 / k;
  add(`store 2 f32 results`, t, `subgroupMatrixStore<row_major>(&P, sg / 2u * ${16 * ld}u + sg % 2u * ${32 / k}u, c0, ${ld}u); subgroupMatrixStore<row_major>(&P, sg / 2u * ${16 * ld}u + sg % 2u * ${32 / k}u + ${M / k}u, c1, ${ld}u);` + B); }
for (const t of ["f16", "u32", "vec4<u32>"]) { const k = per16[t]; const ld = 72 / k;
  add(`store 2 f16 results`, t, `subgroupMatrixStore<row_major>(&P, sg / 2u * ${16 * ld}u + sg % 2u * ${32 / k}u, h0, ${ld}u); subgroupMatrixStore<row_major>(&P, sg / 2u * ${16 * ld}u + sg % 2u * ${32 / k}u + ${M / k}u, h1, ${ld}u);` + B);
  add(`load left, 2 right, 2 mma`, t, `let l = subgroupMatrixLoad<L, row_major>(&P, sg / 2u * ${16 * ld}u, ${ld}u); let r0 = subgroupMatrixLoad<R, col_major>(&P, sg % 2u * ${32 * ld}u, ${ld}u); let r1 = subgroupMatrixLoad<R, col_major>(&P, sg % 2u * ${32 * ld}u + ${16 * ld}u, ${ld}u); c0 = subgroupMatrixMultiplyAccumulate(l, r0, c0); c1 = subgroupMatrixMultiplyAccumulate(l, r1, c1);` + B); }
{ const ld = 9;
  const l = `let l = subgroupMatrixLoad<L, row_major>(&P, sg / 2u * ${16 * ld}u + i % 4u, ${ld}u);`;
  const r = (n: number, at: string, major = "col") => `let r${n} = subgroupMatrixLoad<R, ${major}_major>(&P, ${at} + i % 4u, ${ld}u);`;
  add("load left", "vec4<u32>", `${l} c0 = subgroupMatrixMultiplyAccumulate(l, rr, c0);` + B);
  add("load right col", "vec4<u32>", `${r(0, `sg % 2u * ${32 * ld}u`)} c0 = subgroupMatrixMultiplyAccumulate(ll, r0, c0);` + B);
  add("load right row", "vec4<u32>", `${r(0, `sg % 2u * ${32 * ld}u`, "row")} c0 = subgroupMatrixMultiplyAccumulate(ll, r0, c0);` + B);
  add("mma only", "vec4<u32>", `c0 = subgroupMatrixMultiplyAccumulate(ll, rr, c0);` + B);
  add("2 mma in a branch", "vec4<u32>", `if (sg / 2u * 16u + 16u > (i % 4u) * 16u) { c0 = subgroupMatrixMultiplyAccumulate(ll, rr, c0); } ` + B);
  add("scalar multiply", "vec4<u32>", `c0 = subgroupMatrixScalarMultiply(c0, f32(size.y));` + B);
  add("right from storage row", "vec4<u32>", `let r0 = subgroupMatrixLoad<R, row_major>(&src, (g.x * 64u + i % 4u * 16u) * 8u + sg % 4u * 2u, 8u); c0 = subgroupMatrixMultiplyAccumulate(ll, r0, c0);` + B);
  add("right from storage col", "vec4<u32>", `let r0 = subgroupMatrixLoad<R, col_major>(&src, (g.x * 64u + i % 4u * 16u) * 8u + sg % 4u * 2u, 8u); c0 = subgroupMatrixMultiplyAccumulate(ll, r0, c0);` + B);
  add("4 vec4 reads a thread", "vec4<u32>", `${[0, 1, 2, 3].map((k) => `acc += bitcast<vec4f>(P[(lane + ${k * 256}u + i) % 2304u]);`).join(" ")}` + B);
  add("2 vec4 writes a thread", "vec4<u32>", `P[lane / 8u * 9u + lane % 8u] = vec4u(i); P[lane / 8u * 9u + lane % 8u + 288u] = vec4u(i);` + B);
  add("16 exp a thread", "f32", `${Array.from({ length: 16 }, (_, k) => `acc.x += exp(acc.y * ${k}.5);`).join(" ")} acc.y = acc.x * 1e-3;` + B);
}
for (const { name, type, body } of cases) {
  const code = `enable f16; enable subgroups; enable chromium_experimental_subgroup_matrix; diagnostic(off, chromium.subgroup_matrix_uniformity);
alias L = subgroup_matrix_left<f16,${M},${M}>; alias R = subgroup_matrix_right<f16,${M},${M}>; alias S = subgroup_matrix_result<f32,${M},${M}>; alias H = subgroup_matrix_result<f16,${M},${M}>;
@group(0) @binding(0) var<storage, read_write> out: array<vec4<f32>>; @group(0) @binding(1) var<uniform> size: vec4u; @group(0) @binding(2) var<storage, read> src: array<vec4<u32>>;
var<workgroup> P: array<${type}, ${type === "f16" ? 16384 : type === "u32" || type === "f32" ? 8192 : 2304}>;
@compute @workgroup_size(${8 * SW}) fn main(@builtin(local_invocation_index) lane: u32, @builtin(subgroup_id) sg: u32, @builtin(workgroup_id) g: vec3u) {
  var acc = vec4f(f32(size.z)); acc += bitcast<vec4f>(src[lane]);
  for (var i = lane; i < 2000u; i += ${8 * SW}u) { P[i] = ${type.startsWith("vec4<u") ? "vec4<u32>(size.z)" : type.startsWith("vec4<f") ? "vec4<f32>(f32(size.z))" : `${type}(size.z)`}; }
  var c0 = S(f32(size.z)); var c1 = S(f32(size.z)); var h0 = H(f16(size.z)); var h1 = H(f16(size.z)); var ll = L(f16(size.z)); var rr = R(f16(size.z));
  workgroupBarrier();
  for (var i = 0u; i < size.x; i++) { ${body} }
  ${type === "f32" ? "subgroupMatrixStore<row_major>(&P, sg * 512u, c0, 16u); subgroupMatrixStore<row_major>(&P, sg * 512u + 256u, c1, 16u);" : type === "vec4<u32>" || type === "vec4<f32>" ? "subgroupMatrixStore<row_major>(&P, sg * 128u, c0, 4u); subgroupMatrixStore<row_major>(&P, sg * 128u + 64u, c1, 4u);" : "subgroupMatrixStore<row_major>(&P, sg * 256u, h0, 16u);"}
  workgroupBarrier();
  out[lane] = acc + vec4f(${type === "vec4<u32>" ? "bitcast<vec4f>(P[lane])" : type === "vec4<f32>" ? "P[lane]" : "f32(P[lane])"});
}`;
  try {
    const pipeline: GPUComputePipeline = await gpu.checked("mb", () => dev.createComputePipelineAsync({ layout: "auto", compute: { module: dev.createShaderModule({ code }) } }));
    const out = dev.createBuffer({ size: 65536, usage: GPUBufferUsage.STORAGE }), src = dev.createBuffer({ size: 1056 * 8192 + 65536, usage: GPUBufferUsage.STORAGE });
    const uni = dev.createBuffer({ size: 16, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST });
    const bind = dev.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer: out } }, { binding: 1, resource: { buffer: uni } }, { binding: 2, resource: { buffer: src } }] });
    const run = (lane: any) => lane.dispatch({ pipeline, bindGroup: bind, groups: [WGS, 1, 1] });
    const ns: number[] = [];
    for (const iter of [ITER, 3 * ITER]) {
      dev.queue.writeBuffer(uni, 0, new Uint32Array([iter, 1, 0, 0]));
      const all: number[] = []; for (let i = 0; i < 4; i++) all.push((await e.time(run, 1)).deviceNs); ns.push(Math.min(...all));
    }
    console.log(`${name.padEnd(28)} ${type.padEnd(10)} ${(((ns[1] - ns[0]) * 1.8 * 132) / (2 * ITER * WGS)).toFixed(0)} cycles (at 1.8 GHz)`);
  } catch (err) { console.log(name, type, "FAILED", (err as Error).message.slice(0, 300)); }
}
process.exit(0);
