// What the stages along rows and along columns share; put in front of each.
struct Size { length: u32, n: u32, first: u32 }
@group(0) @binding(0) var<uniform> size: Size;
@group(0) @binding(1) var<storage, read> roots: array<vec2f>;

fn times(a: vec2f, b: vec2f) -> vec2f { return vec2f(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x); }

// exp(-2 pi i k / (4 n)) from two tables made in float64: WGSL's own sine is only promised to 2^-11
fn root(k: u32) -> vec2f { return times(roots[k / LOW], roots[HIGH + k % LOW]); }
