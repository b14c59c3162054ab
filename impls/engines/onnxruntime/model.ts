/** A problem as a model: a graph with the inputs and outputs of its operator. */
import {
  type AnyOperator,
  type InputSpecs,
  type Inputs,
  type Outputs,
  outputNames,
  outputShape,
  type Problem,
} from "../../operator.js";
import { elementCount } from "../../tensor.js";
import { Graph, type Value } from "./graph.js";

/** One problem as a graph. */
export interface OnnxProgram<Op extends AnyOperator> {
  /** Writes the operators; the outputs have the shapes of `views`, else the operator's own. */
  build(graph: Graph, inputs: Inputs<Op, Value>): Outputs<Op, Value>;
  /**
   * Shapes in which the graph sees inputs and outputs, where they are not the tensors' own: the same elements in the same order. A
   * Reshape of an input would copy it.
   */
  readonly views?: Readonly<Record<string, readonly number[]>>;
  /** Bytes of intermediate tensors alive at once, at most. */
  readonly scratchBytes: number;
}

/**
 * A model as bytes, with the shapes of its inputs and outputs by the operator's names.
 * @throws where a view has another number of elements than its tensor
 */
export function writeModel<Op extends AnyOperator>(
  operator: Op,
  problem: Problem<Op>,
  { build, views = {} }: Pick<OnnxProgram<Op>, "build" | "views">,
) {
  const graph = new Graph();
  const seenAs = (name: string, shape: readonly number[]): readonly number[] => {
    const view = views[name] ?? shape;
    if (elementCount(view) !== elementCount(shape))
      throw new Error(`${name} has shape ${shape.join("x")}, which cannot be seen as ${view.join("x")}`);
    return view;
  };
  const inputShapes = new Map<string, readonly number[]>();
  const values: Record<string, Value> = {};
  for (const name of Object.keys(operator.inputs as InputSpecs)) {
    const source = problem.inputs[name];
    if (!source) continue;
    const shape = seenAs(name, source.shape);
    inputShapes.set(name, shape);
    values[name] = graph.input(shape, name);
  }
  const made = build(graph, values as Inputs<Op, Value>) as Record<string, Value>;
  const outputShapes = new Map<string, readonly number[]>();
  for (const name of outputNames(operator, problem as Problem)) {
    const shape = seenAs(name, outputShape(operator, problem as Problem, name));
    outputShapes.set(name, shape);
    graph.output(made[name], shape, name);
  }
  return { model: graph.model(), inputShapes, outputShapes };
}
