/** Ceilings of jax-js. */
import { bestNs } from "../cpu/host-clock.js";
import type { Ceilings } from "../engine.js";
import type { Jax, JaxArray } from "./package.js";

/** What compiled functions reach here: a sum of two arrays (two reads, one write) and a square product, best of five. */
export async function measureCeilings(jax: Jax): Promise<Ceilings> {
  const { numpy } = jax;
  const elements = 2 ** 22;
  const size = 512;
  // unequal values: arrays of equal ones are computed once, in double
  const values = (count: number) => Float32Array.from({ length: count }, (_, i) => (i % 251) / 251);
  const best = async (shape: readonly number[], compute: (x: JaxArray, y: JaxArray) => JaxArray) => {
    const count = shape.reduce((product, one) => product * one, 1);
    const [x, y] = [numpy.array(values(count), { shape }), numpy.array(values(count).reverse(), { shape })];
    const compiled = jax.jit(({ x, y }: { x: JaxArray; y: JaxArray }) => compute(x, y));
    const ns = await bestNs(async () => {
      (await jax.blockUntilReady(compiled({ x: x.ref, y: y.ref }))).dispose();
    });
    for (const one of [x, y, compiled]) one.dispose();
    return ns;
  };
  const addNs = await best([elements], numpy.add);
  const productNs = await best([size, size], (x, y) => numpy.einsum(x, [0, 1], y, [1, 2], [0, 2]));
  return {
    bytesPerS: (3 * 4 * elements) / (addNs / 1e9),
    flopsPerS: { f32: (2 * size ** 3) / (productNs / 1e9) },
  };
}
