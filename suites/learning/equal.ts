/** Layers of attention with as many numbers as a layer of Mamba-2, so that a hybrid's share of them changes nothing but the kind. */
import { parametersOf } from "../../impls/blocks/model.js";
import { layersFor, type ModelName, type ModelShape } from "./models.js";

function parametersOfLayer(model: ModelName, shape: ModelShape): number {
  return parametersOf(layersFor(model, { ...shape, layers: 1 })[0]);
}

/** Channels of all heads of attention together whose layer has the number of Mamba-2's that is nearest. */
export function equalAttention(shape: ModelShape): number {
  const wanted = parametersOfLayer("mamba2", shape);
  // q, k, v and the product behind: four matrices, beside a norm
  const inner = Math.round(wanted / (4 * shape.modelDim));
  const near = [-1, 0, 1].map((step) => inner + step);
  const off = (attentionInner: number) =>
    Math.abs(parametersOfLayer("attention", { ...shape, attentionInner }) - wanted);
  return near.reduce((best, one) => (off(one) < off(best) ? one : best));
}
