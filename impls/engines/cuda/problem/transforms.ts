/** Real Fourier transforms of many rows, in place, by cuFFT: plans that share the memory they work in, and calls that a graph captures. */
import type { CudaDevice } from "../device/device.js";
import type { LibraryCall } from "../device/kernel.js";
import type { CufftCalls } from "../host/cufft.js";
import type { Handle, Out } from "../host/driver.js";

/** Numbers of cufftType. */
const TYPES = { forward: 0x2a, inverse: 0x2c } as const;
type Direction = keyof typeof TYPES;

/** A row of `length` reals becomes length / 2 + 1 complex numbers in the same place: rows lie length + 2 floats apart. */
export interface RealTransforms {
  /** The transforms of all rows from an address on, as steps of a run. */
  forward(address: Handle): LibraryCall;
  /** Sums without a factor: `length` times what `forward` was given. */
  inverse(address: Handle): LibraryCall;
  dispose(): void;
}

/**
 * @param length even
 * @param allocate of the memory that both plans work in
 * @throws where cuFFT refuses the plan
 */
export function realTransforms(
  device: CudaDevice,
  cufft: CufftCalls,
  { length, rows }: { readonly length: number; readonly rows: number },
  allocate: (bytes: number) => Handle,
): RealTransforms {
  const check = (what: string, code: number) => {
    if (code !== 0) throw new Error(`cuFFT ${what} of ${rows} rows of ${length}: error ${code}`);
  };
  const version = new Int32Array(1);
  check("version", cufft.cufftGetVersion(version));
  const plans: Partial<Record<Direction, number>> = {};
  const dispose = () => {
    // after a lost context the library's own memory is gone too
    if (!device.isLost) for (const plan of Object.values(plans)) cufft.cufftDestroy(plan);
  };
  const make = (direction: Direction): number => {
    const plan = new Int32Array(1);
    check("plan", cufft.cufftCreate(plan));
    plans[direction] = plan[0];
    check("stream", cufft.cufftSetStream(plan[0], device.stream));
    check("memory", cufft.cufftSetAutoAllocation(plan[0], 0));
    const [reals, pairs] = [length + 2, length / 2 + 1];
    const [from, to] = direction === "forward" ? [reals, pairs] : [pairs, reals];
    const work: Out = new BigUint64Array(1);
    const size = (n: number) => BigInt64Array.of(BigInt(n));
    check(
      `${direction} plan`,
      cufft.cufftMakePlanMany64(
        ...([plan[0], 1, size(length), size(from), 1, from, size(to), 1, to] as const),
        ...([TYPES[direction], rows, work] as const),
      ),
    );
    return Number(work[0]);
  };
  try {
    const bytes = Math.max(make("forward"), make("inverse"));
    const area = allocate(bytes);
    for (const plan of Object.values(plans)) check("memory", cufft.cufftSetWorkArea(plan, area));
  } catch (error) {
    dispose();
    throw error;
  }
  const step = (direction: Direction, call: "cufftExecR2C" | "cufftExecC2R") => (address: Handle) => ({
    function: { name: call, hash: `cufft-${version[0]}` },
    call: () => check(direction, cufft[call](plans[direction] as number, address, address)),
  });
  return { forward: step("forward", "cufftExecR2C"), inverse: step("inverse", "cufftExecC2R"), dispose };
}
