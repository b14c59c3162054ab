/** What blocks do number by number between their kernels; kernels know a function by its place here. */
export const FUNCTIONS = [
  ...(["copy", "minusExp", "silu", "relu", "elu1"] as const),
  // on the way back
  ...(["siluSlope", "reluSlope", "elu1Slope", "one"] as const),
] as const;
export type MapFunction = (typeof FUNCTIONS)[number];
/** Those of a forward pass. */
export type ForwardFunction = Exclude<MapFunction, `${string}Slope` | "one">;
