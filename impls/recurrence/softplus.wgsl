// log(1 + e) for e in [0, 1] as 2 atanh(e / (2 + e)): WGSL's log only promises an absolute error near 1
fn log1p_unit(e: f32) -> f32 {
  let s = e / (2.0 + e);
  let q = s * s;
  var sum = 1.0 / 17.0;
  sum = fma(sum, q, 1.0 / 15.0);
  sum = fma(sum, q, 1.0 / 13.0);
  sum = fma(sum, q, 1.0 / 11.0);
  sum = fma(sum, q, 1.0 / 9.0);
  sum = fma(sum, q, 1.0 / 7.0);
  sum = fma(sum, q, 1.0 / 5.0);
  sum = fma(sum, q, 1.0 / 3.0);
  return 2.0 * fma(s * q, sum, s);
}

fn softplus(v: f32) -> f32 {
  return max(v, 0.0) + log1p_unit(exp(-abs(v)));
}
