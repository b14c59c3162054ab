import { chunkScores, headOutputs, seldom } from "./chunk.as";
import { Args } from "./layout.as";
import { recordBytes } from "./weights.as";
// Exported, so that binaryen does not inline them where V8 would spill their sums (gemm.as.ts).
export { fourRows, freshTile, tile } from "../../engines/wasm/gemm.as";
export { clearDocuments, keepDocument, loadStates, storeStates } from "./layout.as";
export { finish, triangle, splitRows } from "./rows.as";
export { steps } from "../../recurrence/wasm/steps.as";
export { firstPass, handOver, secondPass } from "./segments.as";

// Section 6 of the paper, f32: a step for all chunks of a block of tokens before the next step.

/** 1. and 2. Weights inside chunks of one sequence, one group, `span` chunks. Tasks: (sequence, group, run of chunks). */
export function scores(args: Args, task: i32, scratch: usize): void {
  const chunks = (args.tokens + args.chunk - 1) / args.chunk;
  const runs = (chunks + args.span - 1) / args.span;
  const first = (task % runs) * args.span;
  const g = (task / runs) % args.groups;
  const b = task / runs / args.groups;
  const last = min(first + args.span, chunks);
  const bytes = recordBytes(args), ofHead = <usize>chunks * bytes;
  for (let c = first; c < last; c++) {
    const record = args.records + (<usize>(b * args.heads * chunks) + c) * bytes;
    chunkScores(
      args, <usize>(args.first + b) * args.length + args.start + c * args.chunk, min(args.chunk, args.tokens - c * args.chunk),
      g, record, ofHead, scratch,
    );
  }
}

/**
 * 3. and 4. Outputs and states, chunk after chunk, all heads of the task in turn: so X and Y are read and written as they lie in
 * memory, and B and C come from the first cache. Tasks: (sequence, run of `headSpan` heads, run of `sliceSpan` slices).
 */
export function outputs(args: Args, task: i32, scratch: usize): void {
  const sliceRuns = (args.slices + args.sliceSpan - 1) / args.sliceSpan, headRuns = (args.heads + args.headSpan - 1) / args.headSpan;
  const h0 = task / sliceRuns % headRuns * args.headSpan, h1 = min(h0 + args.headSpan, args.heads);
  const b = task / sliceRuns / headRuns;
  const first = (task % sliceRuns) * args.sliceSpan, last = min(first + args.sliceSpan, args.slices);
  const chunks = (args.tokens + args.chunk - 1) / args.chunk;
  const bytes = recordBytes(args);
  const row = <usize>(args.first + b) * args.length + args.start;
  for (let c = 0; c < chunks; c++) {
    const small = seldom(args, args.start + c * args.chunk, args.length);
    const record = args.records + (<usize>(b * args.heads * chunks) + c) * bytes;
    headOutputs(
      args, b, 0, h0, h1, row + c * args.chunk, min(args.chunk, args.tokens - c * args.chunk), first, last, small,
      record, <usize>chunks * bytes, scratch,
    );
  }
}
