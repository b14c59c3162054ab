/** What blocks do number by number between their kernels; kernels know a function by its place here. */
export const FUNCTIONS = ["copy", "minusExp", "silu", "relu", "elu1"] as const;
export type MapFunction = (typeof FUNCTIONS)[number];
