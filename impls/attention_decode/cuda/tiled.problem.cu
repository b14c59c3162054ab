// One query of each head over the cache: a workgroup takes SPAN keys of one key/value head and HEADS of the query heads that share it
// (tiled.span.cu, tiled.span.mma.cu), then one joins the spans of a head with the new token (tiled.join.cu).
constexpr int THREADS = 128;

struct Problem {
  const void *Q, *K, *V, *k, *v;
  void *Y;
  float *parts; // (batch heads spans 2 + headDimV): largest score in log2, sum of weights, weighted values
  int batch, context, heads, groups, headDim, headDimV;
  int first, spans, blocks; // the first key that is seen; workgroups that share a key/value head's queries
  float scale;              // times log2(e)
};

// What sums on the peak `before` are multiplied by where the peak is `now`; nothing was summed on an infinite one.
INLINE float shrink_to(float before, float now) { return before == now ? 1.0f : exp2_fast(before - now); }

#define NO_PEAK __uint_as_float(0xff800000u) // of no key: minus infinity
