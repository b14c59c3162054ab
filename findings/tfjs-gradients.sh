#!/usr/bin/env bash
# @tensorflow/tfjs 4.22.0 (its backend cpu): gradients of cumsum and unstack, through tf.grad.
# One would guess: operations that run forwards on valid input have a gradient of the input's shape, on any axis and for any count.
# Instead: cumsum along another axis than the last gives a gradient with its axes permuted, and an error says so where the sizes differ
# (where they are equal, numbers come back in the wrong places without a word); unstack along an axis of one piece has no gradient at all.
# So a gradient program transposes before a cumulative sum, and reshapes where one would unstack a single piece, as ours do.
#
# Seen (2026-11-28, Linux x64, Node 20.20):
#   cumsum of (2 3), axis 1   right
#   cumsum of (2 3), axis 0   Error in gradient for op Cumsum. The gradient of input 'x' has shape '3,2', ...
#   cumsum of (3 3 3), axis 0 wrong: 30,29,19,33,... where 30,33,36,39,... is right
#   unstack into one          Argument tensors passed to stack must be a `Tensor[]` or `TensorLike[]`
#
# Exits 0 while both hold and cumsum along the last axis is right; 1 when that has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
echo '{ "private": true, "type": "module" }' > package.json
npm install --no-audit --no-fund --ignore-scripts --silent @tensorflow/tfjs@4.22.0

cat > run.mjs <<'JS'
import tf from "@tensorflow/tfjs";
await tf.setBackend("cpu");

/** The gradient of sum(w cumsum(x)) is w summed from the end; w is 1, 2, 3, ... */
function ofCumsum(shape, axis) {
  const size = shape.reduce((all, one) => all * one, 1);
  const w = tf.tensor(Array.from({ length: size }, (_, i) => i + 1), shape);
  const wanted = Array.from(tf.reverse(tf.cumsum(tf.reverse(w, axis), axis), axis).dataSync());
  try {
    const got = tf.grad((x) => tf.sum(tf.mul(w, tf.cumsum(x, axis))))(tf.zeros(shape));
    const right = `${got.shape}` === `${shape}` && Array.from(got.dataSync()).every((value, i) => value === wanted[i]);
    return right ? "right" : `wrong: shape ${got.shape}, ${Array.from(got.dataSync()).slice(0, 6)}, wanted ${wanted.slice(0, 6)}`;
  } catch (error) {
    return `error: ${error.message.split("\n")[0].slice(0, 120)}`;
  }
}
function ofUnstack(pieces) {
  try {
    tf.grad((x) => tf.unstack(x, 0).map((one) => tf.sum(one)).reduce((a, b) => tf.add(a, b)))(tf.ones([pieces, 3]));
    return "right";
  } catch (error) {
    return `error: ${error.message.split("\n")[0].slice(0, 120)}`;
  }
}
const seen = {
  "cumsum of (2 3), axis 1": ofCumsum([2, 3], 1),
  "cumsum of (2 3), axis 0": ofCumsum([2, 3], 0),
  "cumsum of (2 3 4), axis 1": ofCumsum([2, 3, 4], 1),
  "cumsum of (3 3 3), axis 0": ofCumsum([3, 3, 3], 0),
  "cumsum of (3 3 3), axis 1": ofCumsum([3, 3, 3], 1),
  "unstack into two": ofUnstack(2),
  "unstack into one": ofUnstack(1),
};
for (const [what, how] of Object.entries(seen)) console.log(`${what}: ${how}`);
JS
node run.mjs 2> /dev/null | grep -v "^$" | tee seen
grep -q "^cumsum of (2 3), axis 1: right" seen && grep -q "^unstack into two: right" seen &&
  grep -q "^cumsum of (2 3), axis 0: error" seen && grep -q "^cumsum of (3 3 3), axis 0: wrong" seen &&
  grep -q "^unstack into one: error" seen
