// The chunked form, step 3 of section 6: the recurrence over segments. Each thread owns one element of the state; what a segment
// added is replaced by the state before it.
struct Size { heads: u32, head_dim: u32, state: u32, segments: u32 }
@group(0) @binding(0) var<uniform> size: Size;
@group(0) @binding(1) var<storage, read_write> segmentStates: array<f32>;
@group(0) @binding(2) var<storage, read> segmentDecays: array<f32>;
@group(0) @binding(3) var<storage, read_write> finalState: array<f32>;
//#if initialState
@group(0) @binding(4) var<storage, read> initialState: array<f32>;
//#endif

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let elements = size.head_dim * size.state;
  let h = id.y;
  let b = id.z;
  if (id.x >= elements) { return; }
  let whole = (b * size.heads + h) * elements + id.x;
  var S = 0.0;
//#if initialState
  S = initialState[whole];
//#endif
//#if carries
  S = finalState[whole]; // the state after the window before this one
//#endif
  for (var segment = 0u; segment < size.segments; segment++) {
    let place = (b * size.segments + segment) * size.heads + h;
    let at = place * elements + id.x;
    let added = segmentStates[at];
    segmentStates[at] = S;
    S = segmentDecays[place] * S + added;
  }
  finalState[whole] = S;
}
