/** The tasks by name: examples of a stage of training, and what must hold of them. */
import { type ChainSizes, chainExamples, ENTROPY } from "./chains.js";
import type { Examples } from "./examples.js";
import { type MqarSizes, mqarExamples } from "./mqar.js";
import { mqarFaults } from "./mqar-check.js";

/** `stages`: numbers of pairs that training takes one after another, the last one's being those of the test. */
export type TaskSpec =
  | ({ readonly kind: "mqar"; readonly stages: readonly number[] } & MqarSizes)
  | ({ readonly kind: "chains" } & ChainSizes);

export function vocabularyOf(task: TaskSpec): number {
  return task.kind === "mqar" ? task.vocabulary : task.symbols;
}

/** Nats below which no model's loss stays; undefined where a perfect model loses nothing. */
export function floorOf(task: TaskSpec): number | undefined {
  return task.kind === "chains" ? ENTROPY : undefined;
}

/** A place in the endless list of a task's examples from which on they test: no example is on both sides. */
export const FIRST_TEST = 0x80000000;

/** @param done share of the training that is over, from 0 to below 1 */
export function trainingExamples(
  task: TaskSpec,
  seed: number,
  first: number,
  count: number,
  done: number,
): Examples {
  if (task.kind === "chains") return chainExamples(task, seed, first, count);
  const { stages } = task;
  return mqarExamples({ ...task, pairs: stages[Math.floor(done * stages.length)] }, seed, first, count);
}

export function testExamples(task: TaskSpec, seed: number, count: number): Examples {
  return task.kind === "chains"
    ? chainExamples(task, seed, FIRST_TEST, count)
    : mqarExamples(task, seed, FIRST_TEST, count);
}

/** What is wrong with a task's own examples, a sentence each. */
export function faultsOf(task: TaskSpec, examples: Examples): string[] {
  return task.kind === "mqar" ? mqarFaults(task, examples) : [];
}
