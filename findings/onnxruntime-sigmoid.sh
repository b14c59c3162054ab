#!/usr/bin/env bash
# onnxruntime-node 1.30.0, CPU: the operator Sigmoid.
# One would guess: 1 / (1 + exp(-x)) to a few roundings of float32, which holds numbers down to 1e-38 (and exp(-18) = 1.5e-8 easily).
# Instead: exactly 0 from -18 on, and wrong by a factor of two near -16; Exp of the same package is right there, so that z sigmoid(z)
# (silu, a usual gate) loses all digits where z / (1 + exp(-z)) keeps them.
#
# Seen (2026-11-28, Linux x64, AMD EPYC, Node 20.20):
#   x      Sigmoid                 1 / (1 + Exp(-x))       exact
#   -10    0.00004538893699645996  0.00004539786823443137  0.000045397868702434395
#   -16    5.960464477539063e-8    1.1253515452835927e-7   1.12535162055095e-7
#   -18    0                       1.5229979055675358e-8   1.522997951276035e-8
#   -20    0                       2.06115369216775e-9     2.0611536181902037e-9
#
# Exits 0 while Sigmoid(-18) is 0 and 1 / (1 + Exp(18)) is right; 1 when that has changed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
echo '{ "private": true, "type": "module" }' > package.json
# its install script would download CUDA libraries
ONNXRUNTIME_NODE_INSTALL=skip npm install --no-audit --no-fund --ignore-scripts --silent onnxruntime-node@1.30.0

cat > run.mjs <<'JS'
import * as ort from "onnxruntime-node";
const field = (n, bytes) => [n * 8 + 2, bytes.length, ...bytes];
const text = (n, word) => field(n, [...Buffer.from(word)]);
const int = (n, value) => [n * 8, value];
const node = (type, input, output) => field(1, [...text(1, input), ...text(2, output), ...text(4, type)]);
const values = [-10, -16, -18, -20];
const info = (n, name) =>
  field(n, [...text(1, name), ...field(2, field(1, [...int(1, 1), ...field(2, field(1, int(1, values.length)))]))]);
const nodes = [node("Sigmoid", "x", "sigmoid"), node("Neg", "x", "minus"), node("Exp", "minus", "exp")];
const graph = [...nodes.flat(), ...text(2, "g"), ...info(11, "x"), ...info(12, "sigmoid"), ...info(12, "exp")];
const model = Uint8Array.from([...int(1, 8), 7 * 8 + 2, graph.length & 127 | 128, graph.length >> 7, ...graph, ...field(8, int(2, 17))]);
const session = await ort.InferenceSession.create(model);
const x = new ort.Tensor("float32", Float32Array.from(values), [values.length]);
const { sigmoid, exp } = await session.run({ x });
console.log("x\tSigmoid\t1 / (1 + Exp(-x))\texact");
values.forEach((v, i) => console.log(`${v}\t${sigmoid.data[i]}\t${Math.fround(1 / (1 + exp.data[i]))}\t${1 / (1 + Math.exp(-v))}`));
const at = values.indexOf(-18);
const right = Math.abs((1 / (1 + exp.data[at])) * (1 + Math.exp(18)) - 1) < 1e-6;
process.exit(sigmoid.data[at] === 0 && right ? 0 : 1);
JS
node run.mjs
