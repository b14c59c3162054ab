// The mixer of impls/random.ts, put in front of each kernel that hashes.
fn mix32(v: u32) -> u32 {
  var x = v;
  x ^= x >> 16u;
  x *= 0x21f0aaadu;
  x ^= x >> 15u;
  x *= 0xd35a2d97u;
  return x ^ (x >> 15u);
}
