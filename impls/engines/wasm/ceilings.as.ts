import { exp2 } from "./exp.as";
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

/** Four independent exponentials a round; their arguments change, so that none can be taken out of the loop. */
export function exps(p: usize, rounds: i32): void {
  let t0 = v128.load(p), t1 = v128.load(p, 16), t2 = v128.load(p, 32), t3 = v128.load(p, 48);
  let s0 = v128.load(p, 64), s1 = v128.load(p, 80), s2 = v128.load(p, 96), s3 = v128.load(p, 112);
  const step = v128.load(p, 128);
  for (let i = 0; i < rounds; i++) {
    s0 = f32x4.add(s0, exp2(t0)); t0 = f32x4.sub(t0, step);
    s1 = f32x4.add(s1, exp2(t1)); t1 = f32x4.sub(t1, step);
    s2 = f32x4.add(s2, exp2(t2)); t2 = f32x4.sub(t2, step);
    s3 = f32x4.add(s3, exp2(t3)); t3 = f32x4.sub(t3, step);
  }
  v128.store(p, f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3)), 224);
}

export function copy(p: usize, bytes: usize): void {
  memory.copy(p + bytes, p, bytes);
}
