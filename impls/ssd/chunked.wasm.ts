/** The chunked form in WebAssembly: products of 6 x 8 tiles. The state of eight channels stays in the first cache. */
import { f32Rounding } from "../bound.js";
import { documentsOfSource } from "../documents.js";
import type { WasmEngine } from "../engines/wasm.js";
import { implementation } from "../implementation.js";
import { type Problem, randomProblem } from "../operator.js";
import type { Options, Prepared } from "../prepared.js";
import { type Ssd, STEPS_AND_STATES, ssd } from "./operator.js";
import { argumentsOf, recordBytes, scratchBytes, spans, stateBytes, WIDTH } from "./wasm/arguments.js";
import { stepsIn } from "./wasm/steps.js";

/** Weights inside the chunks of one block of tokens: small enough to stay in the second cache. */
const RECORD_BUDGET = 192 << 10;
/** The same for threads, which wait for each other at every block's end: blocks so large that they seldom do, in the third cache. */
const SHARED_RECORD_BUDGET = 1536 << 10;
/** States of the heads that walk together: they too live in the second cache. */
const STATE_BUDGET = 512 << 10;
/** Chunks whose weights one task makes. */
const SCORES_SPAN = 8;

const DEFAULT_CHUNK = 12;
/** The kernel that shares a sequence's segments: what `make` says in the id, since its last bits depend on `threads`. */
const SEGMENTS = "segments";

export const chunkedWasm = implementation(ssd, "wasm", {
  form: "chunked",
  takes: STEPS_AND_STATES,
  source: "arXiv 2405.21060, section 6 and listing 1",
  async options(problem, engine) {
    const chunk = await bestChunk(engine, problem);
    const { threads } = engine;
    if (threads === 1) return [{ chunk, threads }];
    const { batch, length, heads, headDim } = problem.dims;
    if (problem.dims.documents)
      return [
        { chunk, threads: 1 },
        { chunk, threads },
      ];
    // Too few heads and slices for the threads, and a sequence of at least two chunks a thread
    const segments = batch * heads * Math.ceil(headDim / WIDTH) < threads && length > 2 * threads * chunk;
    return [
      { chunk, threads: 1 },
      { chunk, threads, ...(segments ? { make: SEGMENTS } : {}) },
    ];
  },
  // what a reset or a border hides is multiplied by 0
  nonFinite: { borders: true },
  rounding: (problem, options) => f32Rounding(chunkOf(problem, options)),
  unsupported: ({ dims }, { make }) =>
    make === SEGMENTS && dims.documents ? `make=${SEGMENTS} gives no states of documents` : undefined,
  prepare: (engine, problem, options) =>
    options.make === SEGMENTS ? bySegment(engine, problem, options) : byHead(engine, problem, options),
});

/** Chunk lengths that the search tries: whole tiles. */
const CANDIDATES = [12, 18, 24, 36];
/** Shorter sequences cannot be timed, and take no time. */
const SEARCHED_LENGTH = 512;

/** By a measured search over one sequence of the problem's heads: the length beyond some hundred tokens does not matter. */
async function bestChunk(engine: WasmEngine, { dims }: Problem<Ssd>): Promise<number> {
  const { length, headDim, state } = dims;
  // Few channels share a chunk's products of C with B: then they should be few.
  const likely = state >= 64 && dims.heads * headDim >= 64 ? 24 : 12;
  if (length < SEARCHED_LENGTH) return likely;
  const heads = Math.min(dims.heads, 8);
  const part = { batch: 1, length: SEARCHED_LENGTH, heads, groups: 1, headDim, state };
  const problem = randomProblem(ssd, { dims: part });
  return engine.fastest({
    kernel,
    shape: `heads=${heads} headDim=${headDim} state=${state}`,
    candidates: [likely, ...CANDIDATES.filter((chunk) => chunk !== likely)],
    prepare: (chunk) => byHead(engine, problem, { chunk, threads: 1 }),
  });
}

const kernel = new URL("./wasm/chunked.as.ts", import.meta.url);

/** Threads share heads, and slices of heads: the same bits for any number of them. */
function byHead(engine: WasmEngine, problem: Problem<Ssd>, options: Options): Promise<Prepared<Ssd, void>> {
  const { batch, length, heads, groups, headDim, state } = problem.dims;
  const { threads = 1 } = options;
  const chunk = chunkOf(problem, options);
  const slices = Math.ceil(headDim / WIDTH);
  const record = recordBytes(chunk) * heads;
  const chunks = Math.ceil(length / chunk);
  const budget = threads > 1 ? SHARED_RECORD_BUDGET : RECORD_BUDGET;
  const blockChunks = Math.min(chunks, Math.max(1, Math.floor(budget / record)));
  const plan = plannedBlocks(problem, blockChunks * chunk);
  // where blocks end with a row's own documents, rows go one by one
  const sequences = plan.documents
    ? 1
    : Math.min(batch, Math.max(1, Math.floor(budget / (record * blockChunks))));
  const mostHeads = (STATE_BUDGET * heads) / stateBytes(problem.dims);

  const room = engine.room(ssd, problem);
  const steps = stepsIn(room);
  const args = argumentsOf(room, {
    ...steps.addresses,
    chunk,
    span: SCORES_SPAN,
    states: room.reserve(sequences * stateBytes(problem.dims)),
    records: room.reserve(sequences * blockChunks * record),
  });
  return engine.prepared(room, {
    kernel,
    entries: ["steps", "clearDocuments", "loadStates", "scores", "outputs", "keepDocument", "storeStates"],
    threads,
    scratchBytes: Math.max(scratchBytes(chunk, state, slices), steps.scratchBytes),
    run(dispatch) {
      steps.make(dispatch);
      if (plan.documents) dispatch("clearDocuments", args.address, batch * heads);
      for (let first = 0; first < batch; first += sequences) {
        const count = Math.min(sequences, batch - first);
        const { headSpan, sliceSpan, tasks } = spans(threads, count, problem.dims, slices, mostHeads);
        args.set("first", first);
        args.set("headSpan", headSpan);
        args.set("sliceSpan", sliceSpan);
        dispatch("loadStates", args.address, count * heads);
        for (const { start, tokens, ends } of plan.blocks[first % plan.blocks.length]) {
          args.set("start", start);
          args.set("tokens", tokens);
          dispatch(
            "scores",
            args.address,
            count * groups * Math.ceil(Math.ceil(tokens / chunk) / SCORES_SPAN),
          );
          dispatch("outputs", args.address, tasks);
          if (ends === undefined) continue;
          args.set("document", ends);
          dispatch("keepDocument", args.address, heads);
        }
        dispatch("storeStates", args.address, count * heads);
      }
    },
  });
}

/** A block of tokens, and which document of the row ends with it where its state is asked for. */
interface Block {
  readonly start: number;
  readonly tokens: number;
  readonly ends?: number;
}

/** Blocks of a row, the same for all rows unless states of documents are asked for: then a block ends where a document does. */
function plannedBlocks(
  { dims, inputs }: Problem<Ssd>,
  most: number,
): { documents: boolean; blocks: Block[][] } {
  const wanted = dims.documents && inputs.documents ? documentsOfSource(inputs.documents) : undefined;
  const rows = wanted ?? [[{ start: 0, end: dims.length }]];
  const blocks = rows.map((documents) =>
    documents.flatMap(({ start, end }, k) =>
      Array.from({ length: Math.ceil((end - start) / most) }, (_, i): Block => {
        const from = start + i * most;
        const tokens = Math.min(most, end - from);
        return { start: from, tokens, ...(wanted && from + tokens === end ? { ends: k } : {}) };
      }),
    ),
  );
  return { documents: wanted !== undefined, blocks };
}

/** Threads share segments of the sequences (section 8.2): where the segments end decides the last bits. */
function bySegment(
  engine: WasmEngine,
  problem: Problem<Ssd>,
  options: Options,
): Promise<Prepared<Ssd, void>> {
  const { batch, length, heads, headDim, state } = problem.dims;
  const { threads = 1 } = options;
  const chunk = chunkOf(problem, options);
  const slots = threads;
  // Of 2 slots + 1 half segments the first one is a segment of its own.
  const half = Math.ceil(length / (2 * slots + 1) / chunk) * chunk;
  const room = engine.room(ssd, problem);
  const steps = stepsIn(room);
  const args = argumentsOf(room, {
    ...steps.addresses,
    chunk,
    slots,
    firstTokens: half,
    segmentTokens: 2 * half,
    states: room.reserve(batch * slots * stateBytes(problem.dims)),
    records: room.reserve(batch * slots * heads * recordBytes(chunk)),
    decays: room.reserve(batch * slots * heads * 4),
  });
  return engine.prepared(room, {
    kernel,
    entries: ["steps", "loadStates", "firstPass", "handOver", "secondPass", "storeStates"],
    threads,
    scratchBytes: Math.max(scratchBytes(chunk, state, Math.ceil(headDim / WIDTH)), steps.scratchBytes),
    details: { bitsDependOnThreads: true },
    run(dispatch) {
      steps.make(dispatch);
      dispatch("loadStates", args.address, batch * heads);
      dispatch("firstPass", args.address, batch * slots);
      dispatch("handOver", args.address, batch * heads);
      dispatch("secondPass", args.address, batch * slots);
      dispatch("storeStates", args.address, batch * heads);
    },
  });
}

function chunkOf({ dims }: Problem<Ssd>, { chunk = DEFAULT_CHUNK }: Options): number {
  return Math.min(chunk, dims.length);
}
