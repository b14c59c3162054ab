/** The forms of the long convolution, y[t] = sum of K[j] u[t - j] for j <= t, in any arithmetic; one channel of one sequence. */
import type { Arithmetic } from "../arithmetic.js";

interface Channel {
  readonly u: ArrayLike<number>;
  readonly K: ArrayLike<number>;
}

/** The sum itself. */
export function direct({ products }: Arithmetic, { u, K }: Channel, Y: Float64Array): void {
  for (let t = 0; t < Y.length; t++)
    Y[t] = products(
      t + 1,
      (j) => K[j],
      (j) => u[t - j],
    );
}

type Complex = readonly [re: number, im: number];

/** Padded with zeros to a power of two of at least twice the length; radix 2 (Cooley and Tukey, 1965). */
export function fft(arithmetic: Arithmetic, { u, K }: Channel, Y: Float64Array): void {
  const size = 2 ** Math.ceil(Math.log2(2 * Y.length));
  const padded = (values: ArrayLike<number>) =>
    Array.from({ length: size }, (_, t): Complex => [t < Y.length ? values[t] : 0, 0]);
  const [spectrum, kernel] = [padded(u), padded(K)].map((values) => transform(arithmetic, values, -1));
  const product = spectrum.map((value, i) => times(arithmetic, value, kernel[i]));
  const back = transform(arithmetic, product, 1);
  // a power of two: exact
  for (let t = 0; t < Y.length; t++) Y[t] = back[t][0] / size;
}

function transform(arithmetic: Arithmetic, values: readonly Complex[], sign: 1 | -1): Complex[] {
  if (values.length === 1) return [...values];
  const half = values.length / 2;
  const [even, odd] = [0, 1].map((first) =>
    transform(
      arithmetic,
      values.filter((_, i) => i % 2 === first),
      sign,
    ),
  );
  const turned = odd.map((value, i) => times(arithmetic, value, root(arithmetic, i / values.length, sign)));
  const { add } = arithmetic;
  return Array.from({ length: values.length }, (_, i): Complex => {
    const [a, b, s] = [even[i % half], turned[i % half], i < half ? 1 : -1];
    return [add(a[0], s * b[0]), add(a[1], s * b[1])];
  });
}

/** A root of unity, each part rounded once; 1 and i as they are. */
function root({ mul }: Arithmetic, part: number, sign: 1 | -1): Complex {
  if (part === 0) return [1, 0];
  if (part === 0.25) return [0, sign];
  return [mul(1, Math.cos(2 * Math.PI * part)), mul(1, sign * Math.sin(2 * Math.PI * part))];
}

function times({ add, mul }: Arithmetic, [a, b]: Complex, [c, d]: Complex): Complex {
  return [add(mul(a, c), -mul(b, d)), add(mul(a, d), mul(b, c))];
}
