// The recurrence over segments: one thread an element of the state. What a segment added is replaced by the state before it.
struct Size { elements: u32, segments: u32 }
@group(0) @binding(0) var<uniform> size: Size;
@group(0) @binding(1) var<storage, read_write> segmentStates: array<f32>;
@group(0) @binding(2) var<storage, read> segmentDecays: array<f32>;
@group(0) @binding(3) var<storage, read_write> finalState: array<f32>;
//#if initialState
@group(0) @binding(4) var<storage, read> initialState: array<f32>;
//#endif

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= size.elements) { return; }
  let whole = id.y * size.elements + id.x;
  var S = 0.0;
//#if initialState
  S = initialState[whole];
//#endif
//#if carries
  S = finalState[whole]; // the state after the window before this one
//#endif
  for (var segment = 0u; segment < size.segments; segment++) {
    let at = (id.y * size.segments + segment) * size.elements + id.x;
    let added = segmentStates[at];
    segmentStates[at] = S;
    S = segmentDecays[at] * S + added;
  }
  finalState[whole] = S;
}
