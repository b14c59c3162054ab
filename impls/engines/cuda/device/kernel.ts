/** Launches: a grid, its arguments packed as C would, the attributes a kernel asks for. */
import type { Handle, LaunchConfig } from "../host/driver.js";
import type { CudaDevice, KernelFunction } from "./device.js";

/** What a library launches by itself on the device's stream. */
export interface LibraryCall {
  readonly function: Pick<KernelFunction, "name" | "hash">;
  readonly call: () => void;
}

/** One step of a run; made once, launched often. */
export type Kernel = OwnKernel | LibraryCall;

/** All that a launch needs. */
interface OwnKernel {
  readonly function: KernelFunction;
  readonly config: LaunchConfig;
  readonly parameters: readonly Uint8Array[];
}

export interface Grid {
  readonly blocks: number | readonly [number, number, number];
  readonly threads: number | readonly [number, number, number];
  readonly sharedBytes?: number;
  /** All workgroups at a time: they may wait for each other. */
  readonly cooperative?: boolean;
  /** Starts while the kernel before it still runs; it waits for that one by itself. */
  readonly early?: boolean;
}

/** Numbers of CUlaunchAttributeID. */
const COOPERATIVE = 2;
const PROGRAMMATIC_SERIALIZATION = 6;

export function makeKernel(
  device: CudaDevice,
  kernel: KernelFunction,
  { blocks, threads, sharedBytes = 0, cooperative = false, early = false }: Grid,
  parameters: readonly Uint8Array[],
): OwnKernel {
  const [blockX, blockY, blockZ] = typeof threads === "number" ? [threads, 1, 1] : threads;
  if (sharedBytes > 0) device.resident(kernel, blockX * blockY * blockZ, sharedBytes);
  const [gridX, gridY, gridZ] = typeof blocks === "number" ? [blocks, 1, 1] : blocks;
  const ids = [...(cooperative ? [COOPERATIVE] : []), ...(early ? [PROGRAMMATIC_SERIALIZATION] : [])];
  const attributes = ids.map((id) => ({ id, pad: 0, value: [1, ...new Array(15).fill(0)] }));
  const config: LaunchConfig = {
    ...{ gridX, gridY, gridZ, blockX, blockY, blockZ, sharedBytes },
    ...{ stream: device.stream, attributes, count: attributes.length },
  };
  return { function: kernel, config, parameters };
}

export function launch(device: CudaDevice, step: Kernel): void {
  if ("call" in step) {
    step.call();
    return;
  }
  const { function: kernel, config, parameters } = step;
  device.check(
    `launch of ${kernel.name}`,
    device.calls.cuLaunchKernelEx(config, kernel.handle, parameters, null),
  );
}

/** Fields of a kernel's parameter struct, in order; addresses are bigints, whole numbers i32, others f32. */
export type Field = Handle | number | { readonly f32: number };

/** Bytes of a struct as C lays it out: addresses at multiples of eight, all else of four. */
export function pack(fields: readonly Field[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(fields.length * 8 + 8));
  let at = 0;
  let wide = false;
  for (const field of fields) {
    if (typeof field === "bigint") {
      at = Math.ceil(at / 8) * 8;
      view.setBigUint64(at, field, true);
      at += 8;
      wide = true;
    } else {
      if (typeof field === "number") view.setUint32(at, field >>> 0, true);
      else view.setFloat32(at, field.f32, true);
      at += 4;
    }
  }
  return new Uint8Array(view.buffer, 0, wide ? Math.ceil(at / 8) * 8 : at);
}

/** Workgroups of 256 threads that stride over `count` elements. */
export function strided(count: number): Grid {
  return { blocks: Math.min(Math.max(1, Math.ceil(count / 256)), 4096), threads: 256 };
}
