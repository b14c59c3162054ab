/**
 * Gradients of tensor programs by TensorFlow.js's own automatic differentiation. Its rules are not in @tensorflow/tfjs-core, which has the
 * tape only: the package @tensorflow/tfjs registers them for all copies of the library in a process.
 */
import type { Tensor } from "@tensorflow/tfjs-core";
import type { Inputs, Outputs, Problem } from "../../operator.js";
import { optionalPackage } from "../optional-package.js";
import type { TensorProgram } from "../tfjs.js";
import type { TensorOps } from "./backends.js";

const WHOLE = {
  name: "@tensorflow/tfjs",
  called: "the package @tensorflow/tfjs, which has the gradients of TensorFlow.js,",
  install: "npm install --no-save --save-prod @tensorflow/tfjs@4.22.0",
};

/** A sentence where the rules are not there, or undefined. */
export async function lacksGradients(): Promise<string | undefined> {
  try {
    await optionalPackage(WHOLE, (loaded: object) => loaded);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

type Named = Readonly<Record<string, Tensor | undefined>>;

/**
 * The program of a map made into one of its gradients: forward, then backward from dY (and dFinalState), with Y and finalState where the
 * setting `training` asks for them.
 * @param names inputs to differentiate; those that the problem has
 * @param program of differentiable ops: no values read, no cumulative products
 */
export function differentiated<Constants extends Record<string, Tensor>>(
  tf: TensorOps,
  problem: Problem,
  names: readonly string[],
  // biome-ignore lint/suspicious/noExplicitAny: of the map's own operator, whose inputs are among those of its gradients
  program: TensorProgram<any, Constants>,
): TensorProgram<never, Constants> {
  const present = names.filter((name) => problem.inputs[name] !== undefined);
  const compute = (inputs: Named, constants: Constants): Record<string, Tensor> => {
    const kept: Record<string, Tensor> = {};
    const objective = (...leaves: Tensor[]) => {
      const moved = { ...inputs, ...Object.fromEntries(present.map((name, i) => [name, leaves[i]])) };
      const { Y, finalState } = program.compute(moved as never, constants) as Record<string, Tensor>;
      // out of reach of the tidying around a tape
      if (problem.settings.training) {
        kept.Y = tf.keep(tf.clone(Y));
        if (finalState) kept.finalState = tf.keep(tf.clone(finalState));
      }
      const ofY = tf.sum(tf.mul(Y, inputs.dY!));
      const { dFinalState } = inputs;
      return dFinalState && finalState ? tf.add(ofY, tf.sum(tf.mul(finalState, dFinalState))) : ofY;
    };
    const gradients = tf.grads(objective as never)(present.map((name) => inputs[name]!));
    return { ...Object.fromEntries(present.map((name, i) => [`d${name}`, gradients[i]])), ...kept };
  };
  return {
    ...(program.constants ? { constants: program.constants } : {}),
    compute: compute as unknown as (
      inputs: Inputs<never, Tensor>,
      constants: Constants,
    ) => Outputs<never, Tensor>,
    // what the tape holds: each intermediate tensor, and its gradient
    scratchBytes: 4 * program.scratchBytes,
  };
}
