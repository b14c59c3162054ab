/** Tiles of attention on the matrix unit, and which of them an adapter holds. */
import type { MatrixShape } from "../../engines/webgpu/device/adapter.js";

/**
 * Subgroups of a workgroup, queries that each owns, keys that a workgroup holds at a time; most promising first. Small: above 24 KiB of
 * workgroup memory one workgroup lives on a multiprocessor of an H200 (../engines/webgpu/NOTES.md), and two are wanted.
 */
const SHAPES = [
  { subgroups: 4, rows: 32, keys: 16 },
  { subgroups: 4, rows: 16, keys: 16 },
  { subgroups: 4, rows: 16, keys: 32 },
  { subgroups: 4, rows: 8, keys: 16 },
] as const;

/** Outputs of a query that a lane's registers can hold beside all else: beyond, a subgroup owns fewer queries. */
const WIDEST = 64;

export interface MatrixAdapter {
  readonly subgroupSize: number | undefined;
  readonly matrixShapes: readonly Pick<MatrixShape, "M" | "N" | "K">[];
  readonly limits: Pick<
    GPUSupportedLimits,
    "maxComputeWorkgroupStorageSize" | "maxComputeInvocationsPerWorkgroup"
  >;
}

export type MatrixTiles = Omit<ReturnType<typeof tilesOf>, "bytes">;

/** `tile` of a case id: queries x keys x queries of a subgroup. */
export const tileName = ({ TQ, TK, ROWS }: MatrixTiles) => `${TQ}x${TK}x${ROWS}`;

/**
 * Tiles for heads of these sizes, most promising first; none where the adapter's matrix shape does not divide them or its workgroup
 * memory is too small.
 */
export function fitMatrix(headDim: number, headDimV: number, adapter: MatrixAdapter): MatrixTiles[] {
  const { subgroupSize: lanes, matrixShapes, limits } = adapter;
  const shape = matrixShapes.find(({ M, N, K }) => [M, N, K].every((size) => 16 % size === 0));
  if (!shape || lanes === undefined) return [];
  return SHAPES.filter(
    ({ subgroups, rows, keys }) =>
      lanes % rows === 0 &&
      (keys / 8) % (lanes / rows) === 0 &&
      rows % Math.max(shape.M, shape.N) === 0 &&
      subgroups * lanes <= limits.maxComputeInvocationsPerWorkgroup &&
      (rows <= 16 || Math.max(headDim, headDimV) <= WIDEST),
  )
    .map((own) => tilesOf(own, headDim, headDimV, shape, lanes))
    .filter(({ bytes }) => bytes <= limits.maxComputeWorkgroupStorageSize)
    .map(({ bytes: _, ...tiles }) => tiles);
}

function tilesOf(
  { subgroups: SUBGROUPS, rows: ROWS, keys: TK }: (typeof SHAPES)[number],
  headDim: number,
  headDimV: number,
  { M: MM, N: NN, K: KK }: MatrixAdapter["matrixShapes"][number],
  LANES: number,
) {
  const up = (size: number) => Math.ceil(size / 16) * 16;
  const [TQ, DPAD, VPAD] = [SUBGROUPS * ROWS, up(headDim), up(headDimV)];
  const threads = SUBGROUPS * LANES;
  // outputs go through the logits' memory VT channels at a time
  const VT = VPAD % TK === 0 ? TK : 16;
  const FL = ROWS + 8;
  const PL = TK / 8 + 1;
  // so do queries, QT channels at a time: as many as find room there
  const QT =
    [DPAD, DPAD / 2, 32].find(
      (size) => size % 16 === 0 && DPAD % size === 0 && ROWS * (size / 2 + 4) <= TK * FL,
    ) ?? 16;
  const [DS, QC, QN, RM, VC, VN] = [DPAD / KK, DPAD / QT, ROWS / NN, ROWS / MM, VPAD / VT, VT / NN];
  return {
    ...{ SUBGROUPS, LANES, ROWS, TQ, TK, DPAD, VPAD, VT, QT, MM, NN, KK, FL, PL },
    // matrices of a subgroup: DS times QN of its queries, KM of keys, RM times VC times VN of outputs; KS steps along the keys
    ...{ DS, QC, QS: DS / QC, QN, RQ: DS * QN, KM: TK / MM, RM, VC, VN, RY: RM * VC * VN, KS: TK / KK },
    // what a thread moves: eights of keys and of values; of its query's logits
    K_LOADS: Math.ceil((TK * DPAD) / 8 / threads),
    V_LOADS: Math.ceil((TK * VPAD) / 8 / threads),
    EIGHTS: TK / 8 / (LANES / ROWS),
    bytes:
      16 * (TK * (DPAD / 8 + VPAD / 8 + 2) - 2 + TQ * PL) +
      4 * (SUBGROUPS * TK * FL + (LANES > ROWS ? threads : 1) + 1),
  };
}
