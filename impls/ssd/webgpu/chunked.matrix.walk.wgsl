// The chunked form on the matrix unit where a state has at most 64 columns: a workgroup walks the blocks of 64 tokens of one head and
// one stretch of time (sections 6 and 8.2), with the state in registers, so that no state but that before the stretch is ever in
// memory. f16 factors, f32 sums. Everything a block needs is loaded while the block before it is worked on.
@group(0) @binding(5) var<storage, read_write> Y: array<vec4<u32>>;
//#if sums
// few chunks: a workgroup sums those before its own, and the last one of a head writes the final state
@group(0) @binding(6) var<storage, read> chunkStates: array<vec4f>; // (batch, chunk, head, slices * 64, NPAD)
@group(0) @binding(11) var<storage, read> chunkDecays: array<f32>; // (batch, chunk, head)
@group(0) @binding(12) var<storage, read_write> finalState: array<vec4f>;
//#if initialState
@group(0) @binding(13) var<storage, read> initialState: array<vec4f>;
//#endif
//#else
@group(0) @binding(6) var<storage, read> startStates: array<vec4f>; // (batch, chunk, head, slices * 64, NPAD)
//#endif
@group(0) @binding(7) var<storage, read> scores: array<vec4f>; // (batch, group, block, 64, 64)
//#if D
@group(0) @binding(9) var<storage, read> D: array<f32>;
//#endif
//#if z
@group(0) @binding(10) var<storage, read> z: array<vec4<u32>>;
//#endif

const BLOCK = 16u;
const FD = 18u; // four f32 each
const STATE_SCALE = 16.0; // the state goes to f16 divided by it: sums of half a million tokens stay finite

// Five tiles of halves. Outputs are staged in f32 over the second and third, the state over the last two.
const TILE = Q * LD;
const AT_X = 0u;
const AT_MASKED = TILE; // masked scores
const AT_B = 2u * TILE; // weighted by what the end of the block still sees of a token
const AT_C = 3u * TILE; // decayed since the start of the block
const AT_STATE = 4u * TILE;
var<workgroup> pool: array<vec4<u32>, 5u * TILE>;

// Of the tokens of a block; octets of them first, so that no product is taken twice.
var<workgroup> own: array<vec2f, Q + 8u>; // (octet, 9): decay, dt; a pad so that octets lie in different banks
var<workgroup> until: array<f32, Q>; // product of decays from the start of the octet to a token
var<workgroup> weights: array<f32, Q>; // dt times the product of decays behind a token to the end of the block
var<workgroup> since: array<f32, Q>; // product of decays from the start of the block to a token
var<workgroup> between: array<f32, 64>; // product of decays of octets between two octets
var<workgroup> total: f32; // product of all decays

// The tables in three steps, each between barriers that the block before needs anyway.
fn tables_of_tokens(lane: u32, of_token: vec2f) {
  if (lane < Q) { own[lane + lane / 8u] = vec2f(exp(of_token.x), of_token.y); }
}

fn tables_of_octets(lane: u32) {
  let place = lane % 8u;
  let start = lane % Q / 8u * 9u;
  if (lane < Q) {
    var product = 1.0;
    //#unroll k EIGHT
      if (k <= place) { product *= own[start + k].x; }
    //#end
    until[lane] = product;
  } else if (lane < 2u * Q) {
    var product = own[start + place].y;
    //#unroll k EIGHT
      if (k > place) { product *= own[start + k].x; }
    //#end
    weights[lane - Q] = product;
  }
}

fn tables_of_block(lane: u32) {
  let token = lane % Q;
  let octet = token / 8u;
  if (lane < Q) {
    var product = until[token];
    //#unroll k EIGHT
      if (k < octet) { product *= until[8u * k + 7u]; }
    //#end
    since[token] = product;
    if (token == Q - 1u) { total = product; }
  } else if (lane < 2u * Q) {
    var product = weights[token];
    //#unroll k EIGHT
      if (k > octet) { product *= until[8u * k + 7u]; }
    //#end
    weights[token] = product;
  } else if (lane < 3u * Q) {
    var product = 1.0;
    //#unroll k EIGHT
      if (k > octet && k < token % 8u) { product *= until[8u * k + 7u]; }
    //#end
    between[token] = product;
  }
}

@compute @workgroup_size(SUBGROUPS * LANES)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(subgroup_id) subgroup: u32, @builtin(workgroup_id) group: vec3u) {
  let slice = group.x % size.slices;
  let h = group.x / size.slices;
  let b = group.z;
  let g = h / (size.heads / size.groups);
  let p0 = slice * PS;
  let octet = lane % 8u;
  let p = p0 + 8u * octet;
  let n = 8u * octet;
  let first = subgroup / SHARE * BLOCK; // of own rows
  let share = subgroup % SHARE;
  let block_first = group.y * size.walk_chunks * size.blocks;
  let block_end = min(block_first + size.walk_chunks * size.blocks, (size.tokens + Q - 1u) / Q);
  let chunk = group.y * size.walk_chunks;
//#if sums
  let is_final = block_end == (size.tokens + Q - 1u) / Q;
//#else
  const is_final = false;
//#endif

  // the state before the first block: f32 on its way to sums of matrices, and a thread's octets of the f16 tile
  var s: array<vec4<u32>, LOADS>;
  //#unroll u LOADS
    let row = (u * THREADS + lane) / 8u;
    var state_low = vec4f();
    var state_high = vec4f();
    if (n < NPAD) {
//#if sums
//#if initialState
      if (p0 + row < size.head_dim && n < size.state) {
        let at = (((b * size.heads + h) * size.head_dim + p0 + row) * size.state + n) / 4u;
        state_low = initialState[at];
        state_high = initialState[at + 1u];
      }
//#endif
      for (var c0 = 0u; c0 < chunk; c0 += 4u) {
        var added_low: array<vec4f, 4>;
        var added_high: array<vec4f, 4>;
        var decays: array<f32, 4>;
        //#unroll k FOUR
          let place = (b * size.chunks + min(c0 + k, chunk - 1u)) * size.heads + h;
          let at = (((place * size.slices + slice) * PS + row) * NPAD + n) / 4u;
          added_low[k] = chunkStates[at];
          added_high[k] = chunkStates[at + 1u];
          decays[k] = chunkDecays[place];
        //#end
        //#unroll k FOUR
          if (c0 + k < chunk) {
            state_low = decays[k] * state_low + added_low[k];
            state_high = decays[k] * state_high + added_high[k];
          }
        //#end
      }
//#else
      let at = (((((b * size.chunks + chunk) * size.heads + h) * size.slices + slice) * PS + row) * NPAD + n) / 4u;
      state_low = startStates[at];
      state_high = startStates[at + 1u];
//#endif
    }
    s[u] = octet_of(state_low / STATE_SCALE, state_high / STATE_SCALE);
    pool[AT_C + row * FD + 2u * octet] = bitcast<vec4<u32>>(state_low);
    pool[AT_C + row * FD + 2u * octet + 1u] = bitcast<vec4<u32>>(state_high);
  //#end
  var x: array<vec4<u32>, LOADS>;
  var bs: array<vec4<u32>, LOADS>;
  var cs: array<vec4<u32>, LOADS>;
  var low: array<vec4f, LOADS>;
  var high: array<vec4f, LOADS>;
  //#unroll u LOADS
    let row = (u * THREADS + lane) / 8u;
    let t = block_first * Q + row;
    x[u] = vec4<u32>();
    bs[u] = vec4<u32>();
    cs[u] = vec4<u32>();
    if (t < size.tokens) {
      if (p < size.head_dim) { x[u] = X[(((b * size.tokens + t) * size.heads + h) * size.head_dim + p) / 8u]; }
      if (n < size.state) {
        bs[u] = B[(((b * size.tokens + t) * size.groups + g) * size.state + n) / 8u];
        cs[u] = C[(((b * size.tokens + t) * size.groups + g) * size.state + n) / 8u];
      }
    }
    low[u] = vec4f();
    high[u] = vec4f();
    if (octet * 8u <= row) {
      let pair = (b * size.groups + g) * size.chunks * size.blocks + block_first;
      low[u] = scores[(pair * Q + row) * (Q / 4u) + 2u * octet];
      high[u] = scores[(pair * Q + row) * (Q / 4u) + 2u * octet + 1u];
    }
  //#end
  var of_token = vec2f();
  if (lane < Q) { of_token = load_own(b, block_first * Q + lane, size.tokens, h); }
  tables_of_tokens(lane, of_token);
  workgroupBarrier();
  var S: array<Sum, RN>;
  //#unroll i RM
    //#unroll j NC
      S[i * NC + j] = subgroupMatrixLoad<Sum, row_major>(&pool, AT_C + (first + i * MM) * FD + (share * NC + j) * NN / 4u, FD);
    //#end
  //#end
  tables_of_octets(lane);
  workgroupBarrier();
  tables_of_block(lane);
  workgroupBarrier();

  for (var block = block_first; block < block_end; block++) {
    let t0 = block * Q;
    let is_last = block + 1u == block_end;
    // the mask L as products of decays; dt belongs to the source token
    //#unroll u LOADS
      let row = (u * THREADS + lane) / 8u;
      let at = row * LD + octet;
      pool[AT_X + at] = x[u];
      pool[AT_B + at] = scaled(bs[u], weights[row]);
      pool[AT_C + at] = scaled(cs[u], since[row]);
      pool[AT_STATE + at] = s[u];
      var factor = select(1.0, until[row] * between[octet * 8u + row / 8u], octet < row / 8u);
      var masked = array<f32, 8>(low[u].x, low[u].y, low[u].z, low[u].w, high[u].x, high[u].y, high[u].z, high[u].w);
      //#unroll k EIGHT
        let of_source = own[octet * 9u + 7u - k];
        let sees = octet * 8u + 7u - k <= row;
        masked[7u - k] = select(0.0, masked[7u - k] * (of_source.y * factor), sees);
        factor = select(factor, factor * of_source.x, sees);
      //#end
      pool[AT_MASKED + at] =
        octet_of(vec4f(masked[0], masked[1], masked[2], masked[3]), vec4f(masked[4], masked[5], masked[6], masked[7]));
    //#end
    // the next block's loads are under way while this one is worked on
    if (!is_last) {
      //#unroll u LOADS
        let row = (u * THREADS + lane) / 8u;
        let t = t0 + Q + row;
        if (t < size.tokens) {
          if (p < size.head_dim) { x[u] = X[(((b * size.tokens + t) * size.heads + h) * size.head_dim + p) / 8u]; }
          if (n < size.state) {
            bs[u] = B[(((b * size.tokens + t) * size.groups + g) * size.state + n) / 8u];
            cs[u] = C[(((b * size.tokens + t) * size.groups + g) * size.state + n) / 8u];
          }
        } else {
          x[u] = vec4<u32>();
          bs[u] = vec4<u32>();
          cs[u] = vec4<u32>();
        }
        if (octet * 8u <= row) {
          let pair = (b * size.groups + g) * size.chunks * size.blocks + block + 1u;
          low[u] = scores[(pair * Q + row) * (Q / 4u) + 2u * octet];
          high[u] = scores[(pair * Q + row) * (Q / 4u) + 2u * octet + 1u];
        }
      //#end
      if (lane < Q) { of_token = load_own(b, t0 + Q + lane, size.tokens, h); }
    }
    workgroupBarrier();

    // what earlier blocks give, then what the tokens of this one give each other, then the state behind it
    var y: array<Sum, RP>;
    //#unroll i RP
      y[i] = Sum();
    //#end
    //#unroll kk KS
      //#unroll i RM
        let left = subgroupMatrixLoad<Left, row_major>(&pool, AT_C + (first + i * MM) * LD + kk * KK / 8u, LD);
        //#unroll j PC
          let right = subgroupMatrixLoad<Right, col_major>(&pool, AT_STATE + (share * PC + j) * NN * LD + kk * KK / 8u, LD);
          y[i * PC + j] = subgroupMatrixMultiplyAccumulate(left, right, y[i * PC + j]);
        //#end
      //#end
    //#end
    //#unroll i RP
      y[i] = subgroupMatrixScalarMultiply(y[i], STATE_SCALE);
    //#end
    //#unroll kk QS
      if (kk * KK < first + BLOCK) {
        //#unroll i RM
          let left = subgroupMatrixLoad<Left, row_major>(&pool, AT_MASKED + (first + i * MM) * LD + kk * KK / 8u, LD);
          //#unroll j PC
            let right = subgroupMatrixLoad<Right, row_major>(&pool, AT_X + kk * KK * LD + (share * PC + j) * NN / 8u, LD);
            y[i * PC + j] = subgroupMatrixMultiplyAccumulate(left, right, y[i * PC + j]);
          //#end
        //#end
      }
    //#end
    if (!is_last || is_final) {
      let decay = total;
      //#unroll i RN
        S[i] = subgroupMatrixScalarMultiply(S[i], decay);
      //#end
      //#unroll kk QS
        //#unroll i RM
          let left = subgroupMatrixLoad<Left, col_major>(&pool, AT_X + kk * KK * LD + (first + i * MM) / 8u, LD);
          //#unroll j NC
            let right = subgroupMatrixLoad<Right, row_major>(&pool, AT_B + kk * KK * LD + (share * NC + j) * NN / 8u, LD);
            S[i * NC + j] = subgroupMatrixMultiplyAccumulate(left, right, S[i * NC + j]);
          //#end
        //#end
      //#end
    }
    if (!is_last) { tables_of_tokens(lane, of_token); }
    workgroupBarrier();

    //#unroll i RM
      //#unroll j PC
        subgroupMatrixStore<row_major>(&pool, AT_MASKED + (first + i * MM) * FD + (share * PC + j) * NN / 4u, y[i * PC + j], FD);
      //#end
    //#end
    if (!is_last || is_final) {
      //#unroll i RM
        //#unroll j NC
          subgroupMatrixStore<row_major>(&pool, AT_C + (first + i * MM) * FD + (share * NC + j) * NN / 4u, S[i * NC + j], FD);
        //#end
      //#end
    }
    if (!is_last) { tables_of_octets(lane); }
    workgroupBarrier();

    // half of the threads read their second four first: neighbours then lie in different banks
    let flips = octet / 4u % 2u;
    //#unroll u LOADS
      let row = (u * THREADS + lane) / 8u;
      let t = t0 + row;
      if (t < size.tokens && p < size.head_dim) {
        let one = bitcast<vec4f>(pool[AT_MASKED + row * FD + 2u * octet + flips]);
        let other = bitcast<vec4f>(pool[AT_MASKED + row * FD + 2u * octet + 1u - flips]);
        var value_low = select(one, other, flips == 1u);
        var value_high = select(other, one, flips == 1u);
        let at = ((b * size.tokens + t) * size.heads + h) * size.head_dim + p;
//#if D
        let source = pool[AT_X + row * LD + octet];
        var skip: array<f32, 8>;
        //#unroll k EIGHT
          skip[k] = D[select(h * size.head_dim + p + k, h, size.d_per_head != 0u)];
        //#end
        value_low += vec4f(skip[0], skip[1], skip[2], skip[3]) * vec4f(unpack2x16float(source.x), unpack2x16float(source.y));
        value_high += vec4f(skip[4], skip[5], skip[6], skip[7]) * vec4f(unpack2x16float(source.z), unpack2x16float(source.w));
//#endif
//#if z
        let gates = z[at / 8u];
        value_low *= silu(vec4f(unpack2x16float(gates.x), unpack2x16float(gates.y)));
        value_high *= silu(vec4f(unpack2x16float(gates.z), unpack2x16float(gates.w)));
//#endif
        Y[at / 8u] = octet_of(value_low, value_high);
      }
      if ((!is_last || is_final) && n < NPAD) {
        let one = bitcast<vec4f>(pool[AT_C + row * FD + 2u * octet + flips]);
        let other = bitcast<vec4f>(pool[AT_C + row * FD + 2u * octet + 1u - flips]);
        let state_low = select(one, other, flips == 1u);
        let state_high = select(other, one, flips == 1u);
        s[u] = octet_of(state_low / STATE_SCALE, state_high / STATE_SCALE);
//#if sums
        if (is_last && p0 + row < size.head_dim && n < size.state) {
          let at = (((b * size.heads + h) * size.head_dim + p0 + row) * size.state + n) / 4u;
          finalState[at] = state_low;
          finalState[at + 1u] = state_high;
        }
//#endif
      }
    //#end
    if (!is_last) { tables_of_block(lane); }
    workgroupBarrier();
  }
}

//#if z
fn silu(gate: vec4f) -> vec4f {
  let fade = exp(-abs(gate)); // of the absolute value: an overflow to infinity would be undefined
  return gate * select(fade, vec4f(1.0), gate >= vec4f()) / (1.0 + fade);
}
//#endif
