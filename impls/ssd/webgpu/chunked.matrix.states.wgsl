// The chunked form on the matrix unit (tensor cores), all chunks at once: what each chunk adds to the state (steps 1 and 2 of section 6),
// and, in workgroups behind those, the scores C B^T of step 4, which belong to a group: all its heads read them. f16 factors, f32
// sums. Subgroups share 64 rows of a result (channels, or tokens), in fours: each owns 16 rows, or half of their columns.
@group(0) @binding(7) var<storage, read_write> chunkStates: array<f32>; // (batch, chunk, head, slices * 64, NPAD)
@group(0) @binding(9) var<storage, read_write> chunkDecays: array<f32>; // (batch, chunk, head)
@group(0) @binding(5) var<storage, read_write> scores: array<f32>; // (batch, group, block, source block (walk: its own), 64, 64)

var<workgroup> left_tile: array<vec4<u32>, Q * LD>; // X, weighted by what the end of the chunk still sees of a token; or C
var<workgroup> right_tile: array<vec4<u32>, Q * LD>; // B
var<workgroup> own: array<vec2f, Q>; // decay and dt of a token
var<workgroup> weights: array<f32, Q>; // dt, times the product of decays behind a token to the end of its octet
var<workgroup> totals: array<f32, 8>; // products of decays of octets

fn decays_of_tokens(lane: u32, of_token: vec2f) {
  if (lane < Q) { own[lane] = vec2f(exp(of_token.x), of_token.y); }
}

fn decays_of_octets(lane: u32) {
  if (lane < Q) {
    var product = own[lane].y;
    //#unroll k EIGHT
      if (k > lane % 8u) { product *= own[lane / 8u * 8u + k].x; }
    //#end
    weights[lane] = product;
  } else if (lane < Q + 8u) {
    var product = 1.0;
    //#unroll k EIGHT
      product *= own[(lane - Q) * 8u + k].x;
    //#end
    totals[lane - Q] = product;
  }
}

fn add_states(lane: u32, subgroup: u32, group: vec3u) {
  let tiles = NPAD / NT;
  let n0 = group.x % tiles * NT;
  let slice = group.x / tiles % size.slices;
  let h = group.x / tiles / size.slices;
  let b = group.z;
  let g = h / (size.heads / size.groups);
  let t0 = (size.block0 + group.y * size.blocks) * Q;
  let end = min(t0 + size.blocks * Q, size.tokens);
  let place = (b * size.chunks + group.y) * size.heads + h;
  let octet = lane % 8u;

  var S: array<Sum, RN>;
  //#unroll i RN
    S[i] = Sum();
  //#end
  var x: array<vec4<u32>, LOADS>;
  var values: array<vec4<u32>, LOADS>;
  //#unroll u LOADS
    let t = t0 + (u * THREADS + lane) / 8u;
    x[u] = vec4<u32>();
    values[u] = vec4<u32>();
    if (t < end) {
      x[u] = load_x(b * size.tokens + t, h, slice * PS + 8u * octet);
      if (8u * octet < NT) { values[u] = load_b(b * size.tokens + t, g, n0 + 8u * octet); }
    }
  //#end
  var of_token = vec2f();
  if (lane < Q) { of_token = load_own(b, t0 + lane, end, h); }
  decays_of_tokens(lane, of_token);
  if (lane < Q) { of_token = load_own(b, t0 + Q + lane, end, h); }
  workgroupBarrier();
  decays_of_octets(lane);
  workgroupBarrier();
  var reach = 1.0; // product of decays of the chunk so far
  for (var s0 = t0; s0 < end; s0 += Q) {
    var decay = 1.0;
    //#unroll k EIGHT
      decay *= totals[k];
    //#end
    reach *= decay;
    //#unroll u LOADS
      let row = (u * THREADS + lane) / 8u;
      var weight = weights[row];
      //#unroll k EIGHT
        if (k > row / 8u) { weight *= totals[k]; }
      //#end
      left_tile[row * LD + octet] = scaled(x[u], weight);
      right_tile[row * LD + octet] = values[u];
    //#end
    // the next block's loads are under way while this one is worked on, those of decays one block more
    decays_of_tokens(lane, of_token);
    //#unroll u LOADS
      let t = s0 + Q + (u * THREADS + lane) / 8u;
      x[u] = vec4<u32>();
      values[u] = vec4<u32>();
      if (t < end) {
        x[u] = load_x(b * size.tokens + t, h, slice * PS + 8u * octet);
        if (8u * octet < NT) { values[u] = load_b(b * size.tokens + t, g, n0 + 8u * octet); }
      }
    //#end
    if (lane < Q) { of_token = load_own(b, s0 + 2u * Q + lane, end, h); }
    workgroupBarrier();
    //#unroll i RN
      S[i] = subgroupMatrixScalarMultiply(S[i], decay);
    //#end
    //#unroll kk QS
      //#unroll i RM
        let left = subgroupMatrixLoad<Left, col_major>(&left_tile, kk * KK * LD + (subgroup / SHARE * 16u + i * MM) / 8u, LD);
        //#unroll j NC
          let right = subgroupMatrixLoad<Right, row_major>(&right_tile, kk * KK * LD + (subgroup % SHARE * NC + j) * NN / 8u, LD);
          S[i * NC + j] = subgroupMatrixMultiplyAccumulate(left, right, S[i * NC + j]);
        //#end
      //#end
    //#end
    decays_of_octets(lane);
    workgroupBarrier();
  }
  if (lane == 0u && slice == 0u && n0 == 0u) { chunkDecays[place] = reach; }
  //#unroll i RM
    let row = (place * size.slices + slice) * PS + subgroup / SHARE * 16u + i * MM;
    //#unroll j NC
      subgroupMatrixStore<row_major>(&chunkStates, row * NPAD + n0 + (subgroup % SHARE * NC + j) * NN, S[i * NC + j], NPAD);
    //#end
  //#end
}

fn make_scores(lane: u32, subgroup: u32, group: vec3u) {
  let in_chunk = group.x % size.blocks;
//#if walk
  let source_block = in_chunk;
  let g = group.x / size.blocks;
//#else
  let source_block = group.x / size.blocks % size.blocks;
  let g = group.x / size.blocks / size.blocks;
//#endif
  let b = group.z;
  let block = group.y * size.blocks + in_chunk;
  let t0 = (size.block0 + block) * Q;
  let s0 = (size.block0 + group.y * size.blocks + source_block) * Q;
  if (source_block > in_chunk || t0 >= size.tokens) { return; }
  let first = subgroup / SHARE * 16u;
  let share = subgroup % SHARE;

  var sums: array<Sum, RG>;
  //#unroll i RG
    sums[i] = Sum();
  //#end
  for (var n0 = 0u; n0 < NPAD; n0 += NT) {
    var c: array<vec4<u32>, LOADS>;
    var bs: array<vec4<u32>, LOADS>;
    //#unroll u LOADS
      let row = (u * THREADS + lane) / 8u;
      let n = n0 + 8u * (lane % 8u);
      c[u] = vec4<u32>();
      bs[u] = vec4<u32>();
      if (8u * (lane % 8u) < NT) {
        if (t0 + row < size.tokens) { c[u] = load_c(b * size.tokens + t0 + row, g, n); }
        if (s0 + row < size.tokens) { bs[u] = load_b(b * size.tokens + s0 + row, g, n); }
      }
    //#end
    if (n0 > 0u) { workgroupBarrier(); }
    //#unroll u LOADS
      let at = (u * THREADS + lane) / 8u * LD + lane % 8u;
      left_tile[at] = c[u];
      right_tile[at] = bs[u];
    //#end
    workgroupBarrier();
    //#unroll kk KS
      //#unroll i RM
        let left = subgroupMatrixLoad<Left, row_major>(&left_tile, (first + i * MM) * LD + kk * KK / 8u, LD);
        //#unroll j GC
          let right = subgroupMatrixLoad<Right, col_major>(&right_tile, (share * GC + j) * NN * LD + kk * KK / 8u, LD);
          sums[i * GC + j] = subgroupMatrixMultiplyAccumulate(left, right, sums[i * GC + j]);
        //#end
      //#end
    //#end
  }
//#if walk
  let place = (b * size.groups + g) * size.chunks * size.blocks + block;
//#else
  let place = ((b * size.groups + g) * size.chunks * size.blocks + block) * size.blocks + source_block;
//#endif
  //#unroll i RM
    //#unroll j GC
      subgroupMatrixStore<row_major>(&scores, (place * Q + first + i * MM) * Q + (share * GC + j) * NN, sums[i * GC + j], Q);
    //#end
  //#end
}

@compute @workgroup_size(SUBGROUPS * LANES)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(subgroup_id) subgroup: u32, @builtin(workgroup_id) group: vec3u) {
  let of_states = NPAD / NT * size.slices * size.heads;
  if (group.x < of_states) {
//#if walk
    if (group.y >= size.chunk_states) { return; }
//#endif
    add_states(lane, subgroup, group);
  } else {
    make_scores(lane, subgroup, vec3u(group.x - of_states, group.yz));
  }
}
