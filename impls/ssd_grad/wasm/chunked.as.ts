import { Args, blocksOf, partsOf, wideRow } from "./layout.as";
// Exported, so that binaryen does not inline them where V8 would spill their sums (gemm.as.ts).
export { fourRows, freshTile, tile } from "../../engines/wasm/gemm.as";
export { steps } from "../../recurrence/wasm/steps.as";
export { block } from "./block.as";
export { borders } from "./borders.as";
export { corner } from "./product.as";

// The backward of the chunked form, in chunks of 24 tokens and blocks of 96 (../README.md has the mathematics, numbered as here).

/** 4. Sums over all blocks, in their order. Tasks: heads. */
export function sums(args: Args, h: i32, scratch: usize): void {
  const row = wideRow(args);
  let rate: f32 = 0, bias: f32 = 0;
  memory.fill(scratch, 0, row);
  for (let b = 0; b < args.batch; b++) {
    for (let block = 0; block < blocksOf(args); block++) {
      const parts = partsOf(args, b, block, h);
      rate += load<f32>(parts);
      bias += load<f32>(parts, 4);
      for (let i: usize = 0; i < row; i += 16) v128.store(scratch + i, f32x4.add(v128.load(scratch + i), v128.load(parts + 16 + i)));
    }
  }
  const head = <usize>h << 2;
  if (args.perHead) store<f32>(args.dlogA + head, rate);
  if (args.ddtBias) store<f32>(args.ddtBias + head, bias);
  if (!args.dD) return;
  if (!args.skipPerHead) {
    memory.copy(args.dD + head * args.headDim, scratch, <usize>args.headDim << 2);
    return;
  }
  let total: f32 = 0;
  for (let p = 0; p < args.headDim; p++) total += load<f32>(scratch + (<usize>p << 2));
  store<f32>(args.dD + head, total);
}
