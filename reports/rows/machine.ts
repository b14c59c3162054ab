/** Machines of one kind: what two of them must have in common for their times to stand in one curve. */
import { z } from "zod";

const known = z.object({
  cpu: z.object({
    model: z.string().nullable(),
    cores: z.number(),
    quotaCores: z.number().nullable().optional(),
  }),
  os: z.object({ platform: z.string(), arch: z.string() }),
  gpus: z.array(z.object({ model: z.string().nullable() })).optional(),
});

/** In words; an environment without these facts is a kind of its own. */
export function machineKind(environment: unknown): string {
  const parsed = known.safeParse(environment);
  if (!parsed.success) return "an unknown machine";
  const { cpu, os, gpus } = parsed.data;
  const quota = cpu.quotaCores ? ` (quota ${cpu.quotaCores})` : "";
  const parts = [cpu.model ?? "unknown CPU", `${cpu.cores} cores${quota}`, `${os.platform} ${os.arch}`];
  for (const { model } of gpus ?? []) if (model) parts.push(model);
  return parts.join(", ");
}

/**
 * Whether two such words may mean one machine. GPUs come last in them, and a system whose tools answered late told none: their rows
 * name the GPU themselves.
 */
export function mayBeOne(one: string, other: string): boolean {
  return one === other || one.startsWith(`${other}, `) || other.startsWith(`${one}, `);
}
