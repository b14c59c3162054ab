/**
 * Gradients of tensor programs by TensorFlow.js's own automatic differentiation. Its rules are not in @tensorflow/tfjs-core, which has the
 * tape only: the package @tensorflow/tfjs registers them for all copies of the library in a process.
 */
import type { Tensor } from "@tensorflow/tfjs-core";
import type { Problem } from "../../operator.js";
import { optionalPackage } from "../optional-package.js";
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
type Tensors = Record<string, Tensor>;

/** A tensor program of any operator (impls/engines/tfjs.ts). */
interface Program {
  constants?(): Tensors;
  compute(inputs: Named, constants: Tensors): Tensors;
  readonly scratchBytes: number;
}

/**
 * The program of a map made into one of its gradients: forward, then backward from dY (and dFinalState), with Y and finalState where the
 * setting `training` asks for them.
 * @param names inputs to differentiate; those that the problem has
 * @param program of differentiable ops: no values read, no cumulative products
 */
export function differentiated(
  tf: TensorOps,
  { inputs: sources, settings }: Problem,
  names: readonly string[],
  program: Program,
): Program {
  const present = names.filter((name) => sources[name] !== undefined);
  return {
    ...(program.constants ? { constants: program.constants } : {}),
    compute(inputs, constants) {
      const kept: Tensors = {};
      const objective = (...leaves: Tensor[]) => {
        const moved = { ...inputs, ...Object.fromEntries(present.map((name, i) => [name, leaves[i]])) };
        const { Y, finalState } = program.compute(moved, constants);
        // out of reach of the tidying around a tape
        if (settings.training) {
          kept.Y = tf.keep(tf.clone(Y));
          if (finalState) kept.finalState = tf.keep(tf.clone(finalState));
        }
        const ofY = tf.sum(tf.mul(Y, inputs.dY!));
        const { dFinalState } = inputs;
        return dFinalState && finalState ? tf.add(ofY, tf.sum(tf.mul(finalState, dFinalState))) : ofY;
      };
      const gradients = tf.grads(objective as never)(present.map((name) => inputs[name]!));
      return { ...Object.fromEntries(present.map((name, i) => [`d${name}`, gradients[i]])), ...kept };
    },
    // what the tape holds: each intermediate tensor, and its gradient
    scratchBytes: 4 * program.scratchBytes,
  };
}
