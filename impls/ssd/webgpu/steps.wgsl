// The step in front of the map: dt <- clamp(softplus(dt + dtBias)), logA = dt A where A is one number a head; where a document begins a
// log decay whose exponential is exactly 0. A thread a token and head.
struct Size { total: u32, heads: u32, dt_min: f32, dt_max: f32 }
@group(0) @binding(0) var<uniform> size: Size;
@group(0) @binding(1) var<storage, read> logA: array<f32>;
//#if dt
@group(0) @binding(2) var<storage, read> dt: array<f32>;
//#endif
//#if dtBias
@group(0) @binding(3) var<storage, read> dtBias: array<f32>;
//#endif
//#if documents
@group(0) @binding(4) var<storage, read> kept: array<f32>;
//#endif
//#if makesDt
@group(0) @binding(5) var<storage, read_write> dtMade: array<f32>;
//#endif
//#if makesLogA
@group(0) @binding(6) var<storage, read_write> logAMade: array<f32>;
//#endif

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) grid: vec3u) {
  for (var i = id.x; i < size.total; i += grid.x * 64u) {
//#if dt
    var step = dt[i];
//#if dtBias
    step += dtBias[i % size.heads];
//#endif
//#if softplus
    step = softplus(step);
//#endif
//#if limits
    step = min(max(step, size.dt_min), size.dt_max);
//#endif
//#if makesDt
    dtMade[i] = step;
//#endif
//#endif
//#if makesLogA
//#if perHead
    var l = step * logA[i % size.heads];
//#else
    var l = logA[i];
//#endif
//#if documents
    if (kept[i / size.heads] == 0.0) { l = -1.0e4; }
//#endif
    logAMade[i] = l;
//#endif
  }
}
