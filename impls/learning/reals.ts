/** Numbers of a model: f32 where it trains, float64 where its gradients are held against differences. Sums are float64 in both. */
export type Reals = Float32Array | Float64Array;
