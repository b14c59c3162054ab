// Inputs by token, those before the window's first one (negative numbers) included. In front of the kernels of the convolution.
struct Size { tokens: u32, channels: u32 }
@group(0) @binding(0) var<uniform> size: Size;
@group(0) @binding(1) var<storage, read> X: array<elem>;
//#if initialState
@group(0) @binding(2) var<storage, read> initialState: array<elem>;
//#endif
//#if rowsBefore
@group(0) @binding(3) var<storage, read> rowsBefore: array<elem>;
//#endif
//#if documents
@group(0) @binding(4) var<storage, read> documents: array<f32>;
//#endif
//#if idsBefore
@group(0) @binding(5) var<storage, read> idsBefore: array<f32>;
//#endif

fn input_at(b: u32, t: i32, channel: u32) -> f32 {
  if (t >= 0) { return f32(X[(b * size.tokens + u32(t)) * size.channels + channel]); }
  let column = u32(i32(PAST) + t);
//#if initialState
  return f32(initialState[(b * size.channels + channel) * PAST + column]);
//#else
//#if rowsBefore
  return f32(rowsBefore[column * size.channels + channel]);
//#else
  return 0.0;
//#endif
//#endif
}

// How many tokens before t belong to its document, at most PAST; those before a sequence's first one belong to document 0.
fn reach(b: u32, t: i32) -> u32 {
//#if documents
  let id = document_at(b, t);
  var back = 0u;
  while (back < PAST && document_at(b, t - i32(back) - 1) == id) { back++; }
  return back;
//#else
  return PAST;
//#endif
}

//#if documents
fn document_at(b: u32, t: i32) -> f32 {
  if (t >= 0) { return documents[b * size.tokens + u32(t)]; }
//#if idsBefore
  return idsBefore[u32(i32(PAST) + t)];
//#else
  return 0.0;
//#endif
}
//#endif
