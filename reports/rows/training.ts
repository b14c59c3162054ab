/** What a training leaves: one record of results.jsonl, with its learning curve. Base units, with the unit in the name. */
import { z } from "zod";
import { keyWords } from "./case-id.js";

const count = z.number().int().nonnegative();
const share = z.number().min(0).max(1);
const nats = z.number().nonnegative();

/** What an id spells, in its order. */
const keys = {
  dtype: z.string(),
  batch: count,
  length: count,
  /** Of a state space layer; absent where no layer has one to choose. */
  state: count.optional(),
  modelDim: count,
  layers: count,
  /** Pairs of a key and a value in a sequence. */
  pairs: count.optional(),
  /** Percent of the layers that attend. */
  share: count.optional(),
  vocabulary: count,
  /** The largest learning rate. */
  rate: z.number().positive(),
  seed: count,
};
const keySchema = z.object(keys);
export const TRAINING_KEYS: readonly string[] = Object.keys(keys);
export type TrainingKeys = z.infer<typeof keySchema>;

/** `suite/model.engine key=value ...` */
export function trainingId(suite: string, model: string, engine: string, of: TrainingKeys): string {
  const words = Object.keys(keys).flatMap((key) => {
    const value = of[key as keyof TrainingKeys];
    return value === undefined ? [] : [[key, value] as const];
  });
  return [`${suite}/${model}.${engine}`, ...keyWords(words)].join(" ");
}

const pointSchema = z.object({
  /** Steps taken. */
  step: count,
  /** Mean over the steps since the point before. */
  trainLoss: nats,
  testLoss: nats,
  accuracy: share,
});
export type CurvePoint = z.infer<typeof pointSchema>;

export const trainingRowSchema = z.object({
  id: z.string(),
  suite: z
    .string()
    .regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/, "a suite's name is letters, digits, dots and dashes"),
  model: z.string(),
  engine: z.string(),
  device: z.string(),
  threads: count,
  ...keys,
  /** Numbers that learn. */
  parameters: count,
  /** stopped: its loss is no number any more; the reason names the step and the seed. */
  status: z.enum(["trained", "stopped"]),
  reason: z.string().optional(),
  /** Planned, and taken: fewer where the test had nothing left to ask for. */
  steps: count,
  stepsTaken: count,
  /** Of the test behind the last step; absent where there is none. */
  loss: nats.optional(),
  accuracy: share.optional(),
  /** Answers that the test asks for. */
  asked: count,
  /** Nats below which no model's loss stays. */
  floor: nats.optional(),
  /** Mean time of a step, its examples and tests not counted. */
  stepNs: z.number().nonnegative().max(1e21),
  curve: z.array(pointSchema),
  commit: z.string(),
  version: z.string().optional(),
  timeUtc: z.string(),
});
export type TrainingRow = z.infer<typeof trainingRowSchema>;

export const trainingRecordSchema = z.object({ record: z.literal("training"), row: trainingRowSchema });
export type TrainingRecord = z.infer<typeof trainingRecordSchema>;
