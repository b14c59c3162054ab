/** Options measured on the device's own clock. */

import type { AnyOperator } from "../../../operator.js";
import type { Prepared } from "../../../prepared.js";
import { Choices } from "../../choices.js";
import type { Timing } from "../../engine.js";
import { loadText } from "../device/assets.js";
import type { GpuDevice } from "../device/device.js";
import type { Launch } from "./launch.js";

/** A short measured search over one option of a kernel. */
export interface Fastest<Candidate extends number | string> {
  /** `new URL("./webgpu/form.wgsl", import.meta.url)` of all kernels that the option changes. */
  readonly kernels: readonly URL[];
  /** All that the answer depends on, e.g. "headDim=64 length=4096". */
  readonly shape: string;
  /** The first one is kept unless another is clearly faster. */
  readonly candidates: readonly Candidate[];
  prepare(candidate: Candidate): Promise<Prepared<AnyOperator, Launch>>;
}

/** Beside the compiled kernels of the other engines; pages keep nothing. */
const choices = new Choices(new URL("../../../../.dualbench/webgpu/choices.json", import.meta.url));

/**
 * The candidate with the shortest run on this adapter; remembered under adapter, driver and the kernels' text. The first one, unmeasured,
 * where there is no choice, where the adapter computes on the CPU (its compiler takes longer than any case), or where it has no clock.
 * @param clock of one run, with the device's own time
 */
export async function fastestOn<Candidate extends number | string>(
  gpu: Pick<GpuDevice, "adapter" | "checksBounds" | "has" | "isSoftware">,
  clock: (run: (launch: Launch) => void | Promise<void>) => Promise<Timing>,
  { kernels, shape, candidates, prepare }: Fastest<Candidate>,
  known: Choices = choices,
): Promise<Candidate> {
  if (candidates.length < 2 || gpu.isSoftware || !gpu.has("timestamp-query")) return candidates[0];
  const { vendor, architecture, device, description } = gpu.adapter.info;
  return known.choose({
    place: `${vendor} ${architecture} ${device} ${description}${gpu.checksBounds ? " with bounds checks" : ""}`,
    kernel: await hashOf(kernels),
    shape,
    candidates,
    async prepare(candidate) {
      const prepared = await prepare(candidate);
      return {
        // a sample that the device's clock missed wins nothing
        time: async () => (await clock(prepared.run)).deviceNs ?? Number.POSITIVE_INFINITY,
        dispose: () => prepared.dispose(),
      };
    },
  });
}

async function hashOf(kernels: readonly URL[]): Promise<string> {
  const texts = await Promise.all(kernels.map(loadText));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(texts.join("\n")));
  const names = kernels.map(({ pathname }) => pathname.split("/").pop());
  const hex = [...new Uint8Array(digest, 0, 8)].map((byte) => byte.toString(16).padStart(2, "0"));
  return `${names.join(" ")} ${hex.join("")}`;
}
