import { table as expTable } from "../../engines/wasm/exp.as";
import { flushed, madd } from "../../engines/wasm/simd.as";

// What becomes of all states of four channels at one token. A token's rows, four channels each: the step, the step or 0 where a document
// begins, delta u, the cotangent of y, y, and sums over the states of h B and of h a s A. Only what is exported stays a function of its
// own, with all registers to itself.

export const PACE: usize = 16;
export const INPUT: usize = 32;
export const G: usize = 48;
export const Y: usize = 64;
export const HB: usize = 80;
export const HSA: usize = 96;
export const ROW: usize = 112;
/** Of a state in a slice's table: A in octaves, the state or its cotangent, the sum of dA. */
export const WALK: usize = 48;

/**
 * s <- exp(delta A) s + delta u B, two states at a time; `kept` gets of each state the decay, and what it leaves of the state before. exp2
 * of exp.as.ts written out, so that two vectors share each load of a constant.
 */
export function advance(walk: usize, B: usize, kept: usize, pairs: i32, row: usize): void {
  const pace = v128.load(row, PACE), input = v128.load(row, INPUT);
  for (; pairs > 0; pairs--) {
    let c = v128.load(expTable), e = v128.load(expTable, 16);
    const t0 = f32x4.pmin(f32x4.pmax(f32x4.mul(pace, v128.load(walk)), c), e);
    const t1 = f32x4.pmin(f32x4.pmax(f32x4.mul(pace, v128.load(walk, WALK)), c), e);
    const magic = v128.load(expTable, 32);
    const z0 = f32x4.add(t0, magic), z1 = f32x4.add(t1, magic);
    const f0 = f32x4.sub(t0, f32x4.sub(z0, magic)), f1 = f32x4.sub(t1, f32x4.sub(z1, magic));
    c = v128.load(expTable, 48); e = v128.load(expTable, 64);
    let p0 = madd(c, f0, e), p1 = madd(c, f1, e);
    c = v128.load(expTable, 80); p0 = madd(p0, f0, c); p1 = madd(p1, f1, c);
    c = v128.load(expTable, 96); p0 = madd(p0, f0, c); p1 = madd(p1, f1, c);
    c = v128.load(expTable, 112); p0 = madd(p0, f0, c); p1 = madd(p1, f1, c);
    c = v128.load(expTable, 128); p0 = madd(p0, f0, c); p1 = madd(p1, f1, c);
    p0 = i32x4.add(p0, i32x4.shl(z0, 23)); p1 = i32x4.add(p1, i32x4.shl(z1, 23));
    const s0 = f32x4.mul(p0, v128.load(walk, 16)), s1 = f32x4.mul(p1, v128.load(walk, WALK + 16));
    v128.store(kept, p0); v128.store(kept, s0, 16); v128.store(kept, p1, 32); v128.store(kept, s1, 48);
    v128.store(walk, madd(input, v128.load(B), s0), 16);
    v128.store(walk, madd(input, v128.load(B, 16), s1), WALK + 16);
    walk += 2 * WALK; B += 32; kept += 64;
  }
}

/** h <- C g + (a h of the token behind), and what it gives to B, C, A, delta and u; dB and dC are sums of four channels each. */
export function retreat(walk: usize, B: usize, C: usize, dB: usize, dC: usize, kept: usize, states: i32, row: usize): void {
  const step = v128.load(row), input = v128.load(row, INPUT), g = v128.load(row, G);
  let y = i32x4.splat(0), hB = y, hsA = y;
  for (; states > 0; states--) {
    const b = v128.load(B), c = v128.load(C), past = v128.load(kept, 16);
    const s = madd(input, b, past), h = madd(g, c, v128.load(walk, 16)), change = f32x4.mul(h, past);
    y = madd(s, c, y);
    hB = madd(h, b, hB);
    hsA = madd(change, v128.load(walk), hsA);
    v128.store(walk, f32x4.mul(h, v128.load(kept)), 16);
    v128.store(walk, madd(step, change, v128.load(walk, 32)), 32);
    v128.store(dB, madd(input, h, v128.load(dB)));
    v128.store(dC, madd(g, s, v128.load(dC)));
    walk += WALK; B += 16; C += 16; dB += 16; dC += 16; kept += 32;
  }
  v128.store(row, y, Y); v128.store(row, hB, HB); v128.store(row, hsA, HSA);
}

/** All states, or their cotangents, of a slice become 0. */
export function forget(walk: usize, states: i32): void {
  for (; states > 0; states--, walk += WALK) v128.store(walk, i32x4.splat(0), 16);
}

/** Small ones become 0: see `flushed`. */
export function flush(walk: usize, states: i32): void {
  for (; states > 0; states--, walk += WALK) v128.store(walk, flushed(v128.load(walk, 16)), 16);
}
