// The chunked form, steps 1 and 2 of section 6: what each segment of the sequence adds to the state, from a zero state.
// One workgroup an (batch, segment, head, slice of channels); it walks its segment chunk by chunk and keeps the state on chip.
@group(0) @binding(11) var<storage, read_write> endDecays: array<f32>;

@compute @workgroup_size(TX, TY)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(local_invocation_id) id: vec3u, @builtin(workgroup_id) group: vec3u) {
  let slice = group.x % size.slices;
  let h = group.x / size.slices;
  let segment = group.y;
  let b = group.z;
  let g = h / (size.heads / size.groups);
  let p0 = slice * PS;
  let first = segment * size.segment_tokens;
  let last = min(first + size.segment_tokens, size.tokens);
  var decay = 1.0;
  for (var i = lane; i < NPAD * PS; i += THREADS) { S[i] = 0.0; }

  for (var t0 = first; t0 < last; t0 += Q) {
    workgroupBarrier();
    load_tokens(lane, b, h, p0, t0, last);
    workgroupBarrier();
    sum_blocks(lane);
    workgroupBarrier();
    weigh_tokens(lane);
    let chunkDecay = decay_of_chunk();
    decay *= chunkDecay;

    for (var n0 = 0u; n0 < NPAD; n0 += NT) {
      load_columns(lane, b, g, t0, n0, last);
      add_chunk(id, n0, chunkDecay);
    }
  }
  let place = (b * size.segments + segment) * size.heads + h;
  store_states(lane, place, p0);
  if (lane == 0u && slice == 0u) { endDecays[place] = decay; }
}
