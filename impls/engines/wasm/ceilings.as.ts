import { table } from "./exp.as";
import { madd } from "./simd.as";

/** 12 independent chains of multiply-adds in registers: the rate that no kernel can pass. */
export function multiplyAdds(p: usize, rounds: i32): void {
  const a = v128.load(p);
  let b0 = v128.load(p, 16), b1 = v128.load(p, 32), b2 = v128.load(p, 48), b3 = v128.load(p, 64);
  let b4 = v128.load(p, 80), b5 = v128.load(p, 96), b6 = v128.load(p, 112), b7 = v128.load(p, 128);
  let b8 = v128.load(p, 144), b9 = v128.load(p, 160), b10 = v128.load(p, 176), b11 = v128.load(p, 192);
  const c = v128.load(p, 208);
  for (let i = 0; i < rounds; i++) {
    b0 = madd(a, c, b0); b1 = madd(a, c, b1); b2 = madd(a, c, b2); b3 = madd(a, c, b3);
    b4 = madd(a, c, b4); b5 = madd(a, c, b5); b6 = madd(a, c, b6); b7 = madd(a, c, b7);
    b8 = madd(a, c, b8); b9 = madd(a, c, b9); b10 = madd(a, c, b10); b11 = madd(a, c, b11);
  }
  const s = f32x4.add(f32x4.add(f32x4.add(b0, b1), f32x4.add(b2, b3)), f32x4.add(f32x4.add(b4, b5), f32x4.add(b6, b7)));
  v128.store(p, f32x4.add(s, f32x4.add(f32x4.add(b8, b9), f32x4.add(b10, b11))), 224);
}

/** Four independent exp2 a round that share each load of a constant; their arguments change, so that none can be taken out of the loop. */
export function exps(p: usize, rounds: i32): void {
  let t0 = v128.load(p), t1 = v128.load(p, 16), t2 = v128.load(p, 32), t3 = v128.load(p, 48), s = v128.load(p, 64);
  const step = v128.load(p, 128);
  for (let i = 0; i < rounds; i++) {
    let c = v128.load(table), e = v128.load(table, 16);
    const a0 = f32x4.pmin(f32x4.pmax(t0, c), e), a1 = f32x4.pmin(f32x4.pmax(t1, c), e);
    const a2 = f32x4.pmin(f32x4.pmax(t2, c), e), a3 = f32x4.pmin(f32x4.pmax(t3, c), e);
    const magic = v128.load(table, 32);
    const z0 = f32x4.add(a0, magic), z1 = f32x4.add(a1, magic), z2 = f32x4.add(a2, magic), z3 = f32x4.add(a3, magic);
    const f0 = f32x4.sub(a0, f32x4.sub(z0, magic)), f1 = f32x4.sub(a1, f32x4.sub(z1, magic));
    const f2 = f32x4.sub(a2, f32x4.sub(z2, magic)), f3 = f32x4.sub(a3, f32x4.sub(z3, magic));
    c = v128.load(table, 48); e = v128.load(table, 64);
    let p0 = madd(c, f0, e), p1 = madd(c, f1, e), p2 = madd(c, f2, e), p3 = madd(c, f3, e);
    c = v128.load(table, 80); p0 = madd(p0, f0, c); p1 = madd(p1, f1, c); p2 = madd(p2, f2, c); p3 = madd(p3, f3, c);
    c = v128.load(table, 96); p0 = madd(p0, f0, c); p1 = madd(p1, f1, c); p2 = madd(p2, f2, c); p3 = madd(p3, f3, c);
    c = v128.load(table, 112); p0 = madd(p0, f0, c); p1 = madd(p1, f1, c); p2 = madd(p2, f2, c); p3 = madd(p3, f3, c);
    c = v128.load(table, 128); p0 = madd(p0, f0, c); p1 = madd(p1, f1, c); p2 = madd(p2, f2, c); p3 = madd(p3, f3, c);
    s = v128.xor(s, v128.xor(v128.xor(i32x4.add(p0, i32x4.shl(z0, 23)), i32x4.add(p1, i32x4.shl(z1, 23))),
      v128.xor(i32x4.add(p2, i32x4.shl(z2, 23)), i32x4.add(p3, i32x4.shl(z3, 23)))));
    t0 = f32x4.sub(t0, step); t1 = f32x4.sub(t1, step); t2 = f32x4.sub(t2, step); t3 = f32x4.sub(t3, step);
  }
  v128.store(p, s, 224);
}

const CACHED_BYTES: usize = 4096;

export function copy(p: usize, bytes: usize): void {
  memory.copy(p + bytes, p, bytes);
}

@unmanaged
class Share {
  /** Rounds of one task. */
  rounds: i32;
  /** Bytes that one task copies. */
  bytes: i32;
  /** Where the parts to copy lie: each followed by the place of its copy. */
  from: usize;
}

export function multiplyAddsShare(share: Share, task: i32, scratch: usize): void {
  multiplyAdds(scratch, share.rounds);
}

export function expsShare(share: Share, task: i32, scratch: usize): void {
  exps(scratch, share.rounds);
}

export function copyShare(share: Share, task: i32, scratch: usize): void {
  copy(share.from + 2 * <usize>task * share.bytes, share.bytes);
}

/** The same small part again and again: it stays in the nearest cache. */
export function cachedCopyShare(share: Share, task: i32, scratch: usize): void {
  for (let i = 0; i < share.rounds; i++) copy(scratch, CACHED_BYTES);
}
