/** From a layer of a model to the problem of its gradients. */
import { attentionBlock } from "../attention_block/operator.js";
import { attentionBlockGrad } from "../attention_block_grad/operator.js";
import { cotangent } from "../blocks/gradients.js";
import type { Layer } from "../blocks/model.js";
import { mamba1Block } from "../mamba1_block/operator.js";
import { mamba1BlockGrad } from "../mamba1_block_grad/operator.js";
import { mamba2Block } from "../mamba2_block/operator.js";
import { mamba2BlockGrad } from "../mamba2_block_grad/operator.js";
import { type AnyOperator, checked, type Problem, shapeOf } from "../operator.js";
import { swigluBlock } from "../swiglu_block/operator.js";
import { swigluBlockGrad } from "../swiglu_block_grad/operator.js";
import type { TensorSource } from "../tensor.js";

const GRADIENTS: Readonly<Record<string, AnyOperator>> = {
  [mamba2Block.name]: mamba2BlockGrad,
  [mamba1Block.name]: mamba1BlockGrad,
  [attentionBlock.name]: attentionBlockGrad,
  [swigluBlock.name]: swigluBlockGrad,
};

/** @throws where the layer's problem has an input that no gradient knows */
export function gradientLayer({ operator, problem }: Layer): Layer {
  const gradient = GRADIENTS[operator.name];
  if (!gradient)
    throw new Error(`${operator.name} has no gradient; there are those of ${Object.keys(GRADIENTS)}`);
  const unknown = Object.keys(problem.inputs).find((name) => problem.inputs[name] && !gradient.inputs[name]);
  if (unknown) throw new Error(`${gradient.name}: a problem with ${unknown} cannot be trained`);
  const { axes, random } = cotangent;
  const dY: TensorSource = {
    kind: "random",
    axes,
    shape: shapeOf(axes, problem.dims),
    name: "dY",
    seed: problem.seed,
    distribution: random,
  };
  const whole: Problem = {
    ...problem,
    operator: gradient.name,
    inputs: { ...problem.inputs, dY },
    settings: { ...problem.settings, training: true },
  };
  return { operator: gradient, problem: checked(gradient, whole) };
}

/** Tensors by the gradient operator's names as a trainer has them. */
export function trainerViews(
  inputs: Readonly<Record<string, Float32Array | undefined>>,
  outputs: Readonly<Record<string, Float32Array | undefined>>,
) {
  const weights: Record<string, Float32Array> = {};
  const gradients: Record<string, Float32Array> = {};
  for (const [name, values] of Object.entries(inputs)) {
    if (!values || name === "u" || name === "dY") continue;
    weights[name] = values;
    gradients[name] = outputs[`d${name}`]!;
  }
  return { x: inputs.u!, y: outputs.Y!, dy: inputs.dY!, dx: outputs.du!, weights, gradients };
}
