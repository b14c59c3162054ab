/** Every kernel of the cuda engine and how it is compiled: the same sources and definitions that a card would get. */
import { compileOptions, pathsOf, programText } from "../../../../impls/engines/cuda/device/program.js";
import type { Compiler } from "../../../../impls/engines/cuda/host/nvrtc.js";
import { ofAttention } from "./listed/attention.js";
import { ofConvolution } from "./listed/convolution.js";
import { ofEngine } from "./listed/engine.js";
import type { Listed } from "./listed/listed.js";
import { ofSelectiveScan } from "./listed/selective-scan.js";
import { ofSmall } from "./listed/small.js";
import { ofSsd } from "./listed/ssd.js";

/** @param all else those that compile fastest */
export function allKernels(all: boolean): Listed[] {
  return [
    ...ofEngine(),
    ...ofSsd(all),
    ...ofSelectiveScan(all),
    ...ofAttention(all),
    ...ofConvolution(all),
    ...ofSmall(all),
  ];
}

export interface Used {
  readonly registers: number;
  readonly spilledBytes: number;
}

/** What ptxas says that a kernel uses. @throws with the compiler's log, or where ptxas says nothing */
export function compile(compiler: Compiler, { source, architecture, name }: Listed): Used {
  const text = programText(pathsOf(source));
  const options = [
    ...compileOptions(source.defines ?? {}),
    `--gpu-architecture=${architecture}`,
    "--ptxas-options=-v",
  ];
  const { log } = compiler.compile(name, text, options);
  const registers = log.match(/Used (\d+) registers/)?.[1];
  const spilled = log.match(/(\d+) bytes spill stores/)?.[1];
  if (registers === undefined || spilled === undefined) throw new Error(`${name}: ptxas said only ${log}`);
  return { registers: Number(registers), spilledBytes: Number(spilled) };
}
