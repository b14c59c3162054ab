// The chunked form on the matrix unit, step 3 of section 6: the recurrence over chunks. A thread owns two neighbours of the state
// and reads sixteen chunks ahead. The state before each chunk goes out in f16, divided by 16 (sums of half a million tokens stay finite);
// before those at which a walk begins, in f32.
struct Size { heads: u32, head_dim: u32, state: u32, chunks: u32, slices: u32, walk_chunks: u32 }
@group(0) @binding(0) var<uniform> size: Size;
@group(0) @binding(1) var<storage, read> chunkStates: array<vec2f>;
@group(0) @binding(2) var<storage, read> chunkDecays: array<f32>;
@group(0) @binding(3) var<storage, read_write> finalState: array<f32>;
//#if initialState
@group(0) @binding(4) var<storage, read> initialState: array<f32>;
//#endif
//#if walk
@group(0) @binding(5) var<storage, read_write> startStates: array<vec2f>;
//#else
@group(0) @binding(5) var<storage, read_write> startStates: array<u32>;
//#endif

const AHEAD = 16u;
const STATE_SCALE = 16.0;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let h = id.y;
  let b = id.z;
  let pairs = size.slices * 64u * NPAD / 2u;
  if (id.x >= pairs) { return; }
  let p = id.x / (NPAD / 2u);
  let n = 2u * (id.x % (NPAD / 2u));
  let whole = ((b * size.heads + h) * size.head_dim + p) * size.state + n;
  let is_first = p < size.head_dim && n < size.state;
  let is_second = p < size.head_dim && n + 1u < size.state;
  var S = vec2f();
//#if initialState
  if (is_first) { S.x = initialState[whole]; }
  if (is_second) { S.y = initialState[whole + 1u]; }
//#endif
//#if carries
  // the state after the window before this one
  if (is_first) { S.x = finalState[whole]; }
  if (is_second) { S.y = finalState[whole + 1u]; }
//#endif
  for (var c0 = 0u; c0 < size.chunks; c0 += AHEAD) {
    var added = array<vec2f, 16>();
    var decays = array<f32, 16>();
    //#unroll i SIXTEEN
      let place = (b * size.chunks + min(c0 + i, size.chunks - 1u)) * size.heads + h;
      added[i] = chunkStates[place * pairs + id.x];
      decays[i] = chunkDecays[place];
    //#end
    //#unroll i SIXTEEN
      if (c0 + i < size.chunks) {
        let place = (b * size.chunks + c0 + i) * size.heads + h;
//#if walk
        if ((c0 + i) % size.walk_chunks == 0u) { startStates[place * pairs + id.x] = S; }
//#else
        startStates[place * pairs + id.x] = pack2x16float(S / STATE_SCALE);
//#endif
        S = decays[i] * S + added[i];
      }
    //#end
  }
  if (is_first) { finalState[whole] = S.x; }
  if (is_second) { finalState[whole + 1u] = S.y; }
}
