/** The readable forms that the statements are about, by the names of their files, on the cpu engine. */
import { fftCpu as convolutionFft } from "../../impls/convolution/fft.cpu.js";
import { open } from "../../impls/engines/cpu.js";
import type { AnyImplementation } from "../../impls/implementation.js";
import { linearCpu } from "../../impls/masked_attention/linear.cpu.js";
import { quadraticCpu as maskedQuadratic } from "../../impls/masked_attention/quadratic.cpu.js";
import type { AnyOperator, Problem } from "../../impls/operator.js";
import type { Options } from "../../impls/prepared.js";
import { recurrentCpu as scanCpu } from "../../impls/selective_scan/recurrent.cpu.js";
import { chunkedCpu } from "../../impls/ssd/chunked.cpu.js";
import { nextMaskRow } from "../../impls/ssd/cpu/mask.js";
import { quadraticCpu } from "../../impls/ssd/quadratic.cpu.js";
import { recurrentCpu } from "../../impls/ssd/recurrent.cpu.js";
import { boundArrays, truthOf } from "../verify/compare.js";
import { evaluate } from "../verify/evaluate.js";
import type { Run } from "../verify/subject.js";

export const FORMS = {
  "ssd/recurrent": recurrentCpu,
  "ssd/quadratic": quadraticCpu,
  "ssd/chunked": chunkedCpu,
  "selective_scan/recurrent": scanCpu,
  "masked_attention/quadratic": maskedQuadratic,
  "masked_attention/linear": linearCpu,
  "convolution/fft": convolutionFft,
} as const satisfies Readonly<Record<string, AnyImplementation>>;
export type FormName = keyof typeof FORMS;

/** The code that statements are about: forms of operators, and the mask that the quadratic ones are built of. */
export type Code = FormName | "mask";

/** What statements run: ours, or ours with a fault in a test. */
export interface Forms {
  /** Outputs of one run with the certified bound of every element. */
  run<Op extends AnyOperator>(form: FormName, problem: Problem<Op>, options?: Options): Promise<Run>;
  /** Row after row of a 1-semiseparable mask, in place. */
  nextMaskRow(mask: Float64Array, t: number, a: number): void;
}

export async function openForms(): Promise<Forms> {
  const engine = await open();
  return {
    nextMaskRow,
    async run(form, problem, options = {}) {
      const { values, rounding } = await evaluate(FORMS[form], engine, problem, options);
      return { problem, values, bounds: boundArrays(truthOf(FORMS[form].operator, problem), rounding) };
    },
  };
}
