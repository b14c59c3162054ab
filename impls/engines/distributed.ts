/**
 * torch.distributed: one problem on several processes, each with its part of the tensors, that send each other what they must. Built of
 * the torch engine: the same protocol, inputs, clock and inspection. Ranks, what is watched and what is counted: distributed/README.md.
 */
import type { AnyOperator, OutputName, Problem } from "../operator.js";
import type { Inspection, Options, Prepared, RunDetails } from "../prepared.js";
import { type Counted, difference, type Traffic } from "../traffic.js";
import { EngineAbsent } from "./engine.js";
import { openPython } from "./torch/find.js";
import type { Program } from "./torch/python.js";
import {
  type Described,
  type TorchEngine,
  type TorchLaunch,
  type TorchProgram,
  torchEngine,
} from "./torch.js";

export interface DistributedProgram extends Omit<TorchProgram, "kernel"> {
  /** What one run sends, by the papers' formulas. */
  readonly traffic: Traffic;
  /** Seconds that one rank may wait for another in one call. */
  readonly limitS: number;
}

export interface DistributedEngine extends Omit<TorchEngine, "name" | "prepared"> {
  readonly name: "distributed";
  /** Ranks that this machine can start: processes on a CPU, one on each GPU. */
  readonly mostRanks: number;
  prepared<Op extends AnyOperator>(
    operator: Op,
    problem: Problem<Op>,
    options: Options,
    program: DistributedProgram,
  ): Promise<Prepared<Op, TorchLaunch>>;
}

const HUB: Program = {
  file: new URL("./distributed/hub.py", import.meta.url),
  environment: {
    // on one host nothing needs another interface
    GLOO_SOCKET_IFNAME: process.platform === "darwin" ? "lo0" : "lo",
    NCCL_SOCKET_IFNAME: process.platform === "darwin" ? "lo0" : "lo",
    // ranks are forks of a process that has one thread, and are many
    OPENBLAS_NUM_THREADS: "1",
    OMP_NUM_THREADS: "1",
  },
};

/** More processes than this share no two cores in any useful way. */
const MOST_PROCESSES = 8;

/** @param device cpu (gloo) or cuda (NCCL, one rank a GPU). @throws EngineAbsent without Python, torch or the device */
export async function open(device = "cpu"): Promise<DistributedEngine> {
  if (!/^(cpu|cuda)$/.test(device))
    throw new EngineAbsent(`distributed has no device ${device}; it has cpu and cuda`);
  if (process.platform === "win32") throw new EngineAbsent("ranks are forked, which Windows does not have");
  const { python, described } = await openPython<Described>(device, HUB);
  const torch = torchEngine(python, described, 1);
  const trafficOf = async (handle: number) =>
    (await python.call("traffic", { case: handle })).value as Counted;
  return {
    ...torch,
    name: "distributed",
    mostRanks: device === "cpu" ? MOST_PROCESSES : Number(described.details.devices),
    async prepared(operator, problem, options, program) {
      let handle = 0;
      const { constants, limitS } = program;
      const asked = { ...program, constants: { ...constants, limitS } };
      const prepared = await torch.prepared(operator, problem, options, asked);
      prepared.run({ run: (own) => (handle = own) });
      return counting(prepared, program.traffic, () => trafficOf(handle));
    },
  };
}

/** The same problem, whose traffic is held against the formulas whenever its outputs are looked at. */
function counting<Op extends AnyOperator>(
  prepared: Prepared<Op, TorchLaunch>,
  formula: Traffic,
  counted: () => Promise<Counted>,
): Prepared<Op, TorchLaunch> {
  let details: RunDetails | undefined;
  return {
    ...prepared,
    get details() {
      return details;
    },
    async inspect(lanes): Promise<Inspection<OutputName<Op>>> {
      const { sent, waited } = await counted();
      const wrong = difference(formula, sent);
      if (wrong !== undefined) throw new Error(wrong);
      const [messages, messageBytes] = sent.isend ?? [0, 0];
      const [sums, summedBytes] = sent.all_reduce ?? [0, 0];
      details = {
        ...{ messages, messageBytes, sums, summedBytes },
        ...(waited === null ? {} : { communicationShare: waited }),
      };
      return prepared.inspect(lanes) as Inspection<OutputName<Op>>;
    },
  };
}
