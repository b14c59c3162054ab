/** A cuFFT that transforms nothing: plans as they were asked for, and the calls. */
import type { CufftCalls } from "../../../../impls/engines/cuda/host/cufft.js";
import type { Handle } from "../../../../impls/engines/cuda/host/driver.js";

interface Plan {
  readonly size?: number;
  readonly from?: number;
  readonly to?: number;
  readonly type?: number;
  readonly rows?: number;
  readonly stream?: Handle;
  readonly hasArea?: boolean;
}

const FAILED = 5;

export class FakeCufft {
  readonly plans = new Map<number, Plan>();
  readonly done: { readonly kind: string; readonly from: Handle; readonly to: Handle }[] = [];
  /** Name of a call that fails from now on. */
  failing: keyof CufftCalls | undefined;
  #next = 0;

  get calls(): CufftCalls {
    const set = (plan: number, more: Plan) => {
      this.plans.set(plan, { ...this.plans.get(plan), ...more });
      return 0;
    };
    const exec = (kind: string) => (_plan: number, from: Handle, to: Handle) => {
      this.done.push({ kind, from, to });
      return 0;
    };
    const table: CufftCalls = {
      cufftGetVersion: (version) => {
        version[0] = 12_000;
        return 0;
      },
      cufftCreate: (plan) => {
        this.#next++;
        plan[0] = this.#next;
        return set(plan[0], {});
      },
      cufftDestroy: (plan) => (this.plans.delete(plan) ? 0 : FAILED),
      cufftSetStream: (plan, stream) => set(plan, { stream }),
      cufftSetAutoAllocation: (_plan, allocates) => (allocates === 0 ? 0 : FAILED),
      cufftMakePlanMany64: (
        plan,
        _rank,
        sizes,
        from,
        _in,
        _inDistance,
        to,
        _out,
        _outDistance,
        type,
        rows,
        work,
      ) => {
        work[0] = 4096n;
        return set(plan, { size: Number(sizes[0]), from: Number(from[0]), to: Number(to[0]), type, rows });
      },
      cufftSetWorkArea: (plan, address) => set(plan, { hasArea: address !== 0n }),
      cufftExecR2C: exec("R2C"),
      cufftExecC2R: exec("C2R"),
    };
    if (this.failing) (table as unknown as Record<string, () => number>)[this.failing] = () => FAILED;
    return table;
  }
}
