// The transform of negacyclic.ts with a channel in each lane. Blocks are split depth first and joined on the way back: a block that fits a
// cache is transformed, multiplied by the kernel's spectrum and transformed back while it is there.
#include "../../engines/native/runtime.h"
#include "../../engines/native/transpose.h"

// Tensors in C order; README.md of the operator has the axes.
typedef struct {
  const float *u, *K;
  float *Y;
  int64_t batch, length;
  // heads x headDim
  int64_t channels;
  // Power of two that holds the length.
  int64_t size;
  // Twiddles by block, [cos][sin].
  const float *table;
  int64_t threads;
  // Memory of the threads, so many floats each.
  float *scratch;
  int64_t scratchFloats;
} Args;

// Floats of a complex number of each channel.
enum { NUMBER = 2 * LANES };
// A block of more numbers than that leaves the second cache: two levels at a time, through a buffer of 16 rows that the first cache holds.
enum { FAR = (256 << 10) / (4 * NUMBER), RUN = (16 << 10) / (16 * 4 * NUMBER) };

INLINE int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

typedef struct {
  Vec re, im;
} Number;

INLINE Number load_number(const float *from) { return (Number){load(from), load(from + LANES)}; }
INLINE void store_number(float *to, Number x) { store(to, x.re), store(to + LANES, x.im); }
INLINE Number plus(Number a, Number b) { return (Number){a.re + b.re, a.im + b.im}; }
INLINE Number minus(Number a, Number b) { return (Number){a.re - b.re, a.im - b.im}; }
INLINE Number times(Number a, Number b) { return (Number){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re}; }
// a times the conjugate of b
INLINE Number over(Number a, Number b) { return (Number){a.re * b.re + a.im * b.im, a.im * b.re - a.re * b.im}; }
INLINE Number i_times(Number a) { return (Number){-a.im, a.re}; }

INLINE Number twiddle(const float *table, int64_t block) {
  return (Number){splat(table[2 * block]), splat(table[2 * block + 1])};
}

// Of two levels: by the block's own w = v^2, then its halves by v and i v.
typedef struct {
  Number v, w, vw;
} Twiddles;

INLINE Twiddles twiddles_of(const float *table, int64_t block) {
  const Number v = twiddle(table, 2 * block), w = twiddle(table, block);
  return (Twiddles){v, w, times(v, w)};
}

INLINE void split(Number *x, Twiddles t) {
  const Number b = times(x[1], t.v), c = times(x[2], t.w), d = times(x[3], t.vw);
  const Number sum = plus(x[0], c), difference = minus(x[0], c), odd = plus(b, d), turned = i_times(minus(b, d));
  x[0] = plus(sum, odd), x[1] = minus(sum, odd), x[2] = plus(difference, turned), x[3] = minus(difference, turned);
}

// Undoes split, four times too large.
INLINE void join(Number *x, Twiddles t) {
  const Number sum = plus(x[0], x[1]), odd = minus(x[0], x[1]), rest = plus(x[2], x[3]), turned = i_times(minus(x[3], x[2]));
  x[0] = plus(sum, rest), x[1] = over(plus(odd, turned), t.v);
  x[2] = over(minus(sum, rest), t.w), x[3] = over(minus(odd, turned), t.vw);
}

// Four rows of `count` numbers, read at one distance and written at another.
typedef struct {
  float *at;
  int64_t stride;
} Rows;

INLINE void split_rows(Rows from, Rows to, int64_t count, Twiddles t) {
  for (int64_t i = 0; i < count * NUMBER; i += NUMBER) {
    Number x[4];
    UNROLL for (int r = 0; r < 4; r++) x[r] = load_number(from.at + r * from.stride + i);
    split(x, t);
    UNROLL for (int r = 0; r < 4; r++) store_number(to.at + r * to.stride + i, x[r]);
  }
}

INLINE void join_rows(Rows from, Rows to, int64_t count, Twiddles t) {
  for (int64_t i = 0; i < count * NUMBER; i += NUMBER) {
    Number x[4];
    UNROLL for (int r = 0; r < 4; r++) x[r] = load_number(from.at + r * from.stride + i);
    join(x, t);
    UNROLL for (int r = 0; r < 4; r++) store_number(to.at + r * to.stride + i, x[r]);
  }
}

// A thread's memory: spectrum of the kernel, signal, and sixteen rows of a run.
typedef struct {
  const float *table;
  float *kernel, *signal, *buffer;
} Work;

// Two levels of a block of n numbers: rows a sixteenth of it apart, a run of columns at a time.
static __attribute__((noinline)) void split_far(const Work *w, float *p, int64_t n, int64_t block) {
  const int64_t far = n / 4 * NUMBER, near = n / 16 * NUMBER, run = RUN * NUMBER;
  for (int64_t column = 0; column < near; column += run) {
    const Twiddles t = twiddles_of(w->table, block);
    for (int i = 0; i < 4; i++)
      split_rows((Rows){p + i * near + column, far}, (Rows){w->buffer + i * run, 4 * run}, RUN, t);
    for (int i = 0; i < 4; i++)
      split_rows((Rows){w->buffer + 4 * i * run, run}, (Rows){p + i * far + column, near}, RUN, twiddles_of(w->table, 4 * block + i));
  }
}

static __attribute__((noinline)) void join_far(const Work *w, float *p, int64_t n, int64_t block) {
  const int64_t far = n / 4 * NUMBER, near = n / 16 * NUMBER, run = RUN * NUMBER;
  for (int64_t column = 0; column < near; column += run) {
    for (int i = 0; i < 4; i++)
      join_rows((Rows){p + i * far + column, near}, (Rows){w->buffer + 4 * i * run, run}, RUN, twiddles_of(w->table, 4 * block + i));
    const Twiddles t = twiddles_of(w->table, block);
    for (int i = 0; i < 4; i++)
      join_rows((Rows){w->buffer + i * run, 4 * run}, (Rows){p + i * near + column, far}, RUN, t);
  }
}

static __attribute__((noinline)) void split_near(const Work *w, float *p, int64_t n, int64_t block) {
  const Rows rows = {p, n / 4 * NUMBER};
  split_rows(rows, rows, n / 4, twiddles_of(w->table, block));
}

static __attribute__((noinline)) void join_near(const Work *w, float *p, int64_t n, int64_t block) {
  const Rows rows = {p, n / 4 * NUMBER};
  join_rows(rows, rows, n / 4, twiddles_of(w->table, block));
}

// A block of n numbers, a power of four, to its values.
static void forward(const Work *w, float *p, int64_t n, int64_t block) {
  if (n == 1) return;
  const int parts = n > FAR ? 16 : 4;
  if (parts == 16) split_far(w, p, n, block);
  else split_near(w, p, n, block);
  const int64_t part = n / parts;
  for (int i = 0; i < parts; i++) forward(w, p + i * part * NUMBER, part, parts * block + i);
}

// Four numbers split, multiplied by the kernel's and joined, without leaving the registers.
INLINE void four_through(const Work *w, float *p, const float *k, int64_t block) {
  const Twiddles t = twiddles_of(w->table, block);
  Number x[4];
  UNROLL for (int r = 0; r < 4; r++) x[r] = load_number(p + r * NUMBER);
  split(x, t);
  UNROLL for (int r = 0; r < 4; r++) x[r] = times(x[r], load_number(k + r * NUMBER));
  join(x, t);
  UNROLL for (int r = 0; r < 4; r++) store_number(p + r * NUMBER, x[r]);
}

// A block of the signal to its values, times those of the kernel, and back: n times too large.
static void through(const Work *w, float *p, const float *k, int64_t n, int64_t block) {
  if (n == 1) return store_number(p, times(load_number(p), load_number(k)));
  if (n == 4) return four_through(w, p, k, block);
  const int parts = n > FAR ? 16 : 4;
  if (parts == 16) split_far(w, p, n, block);
  else split_near(w, p, n, block);
  const int64_t part = n / parts;
  for (int i = 0; i < parts; i++) through(w, p + i * part * NUMBER, k + i * part * NUMBER, part, parts * block + i);
  if (parts == 16) join_far(w, p, n, block);
  else join_near(w, p, n, block);
}

// Rows of real numbers, one a token; those from `count` on are zeros.
typedef struct {
  const float *at;
  int64_t stride, count, lanes;
  Vec factor;
} Reals;

INLINE Number real_at(Reals r, int64_t t) {
  return (Number){t < r.count ? r.factor * load_some(r.at + t * r.stride, r.lanes) : splat(0), splat(0)};
}

INLINE int is_odd(int64_t n) { return __builtin_ctzll(n) & 1; }

// 1. The first level, from the tokens: halves where n is no power of four, else quarters.
static void enter(const float *table, Reals from, int64_t n, float *p) {
  if (n == 1) return store_number(p, real_at(from, 0));
  if (is_odd(n)) {
    const Number w = twiddle(table, 1);
    for (int64_t t = 0, half = n / 2; t < half; t++) {
      const Number a = real_at(from, t), b = times(real_at(from, t + half), w);
      store_number(p + t * NUMBER, plus(a, b));
      store_number(p + (t + half) * NUMBER, minus(a, b));
    }
    return;
  }
  const Twiddles w = twiddles_of(table, 1);
  for (int64_t t = 0, part = n / 4; t < part; t++) {
    Number x[4];
    UNROLL for (int r = 0; r < 4; r++) x[r] = real_at(from, t + r * part);
    split(x, w);
    UNROLL for (int r = 0; r < 4; r++) store_number(p + (t + r * part) * NUMBER, x[r]);
  }
}

// 3. The last one, to the tokens: what wrapped around is in the imaginary part, and nobody asks for it.
static void leave(const float *table, const float *p, int64_t n, Reals to, float *Y) {
  const int64_t parts = n == 1 ? 1 : is_odd(n) ? 2 : 4, part = n / parts;
  const Twiddles w = parts == 4 ? twiddles_of(table, 1) : (Twiddles){0};
  for (int64_t t = 0; t < part; t++) {
    Number x[4];
    for (int r = 0; r < parts; r++) x[r] = load_number(p + (t + r * part) * NUMBER);
    if (parts == 4) join(x, w);
    else if (parts == 2) {
      const Number sum = plus(x[0], x[1]);
      x[1] = over(minus(x[0], x[1]), twiddle(table, 1));
      x[0] = sum;
    }
    for (int r = 0; r < parts; r++)
      if (t + r * part < to.count) store_some(Y + (t + r * part) * to.stride, x[r].re, to.lanes);
  }
}

// 2. The blocks that `enter` left.
static void blocks_forward(const Work *w, float *p, int64_t n) {
  const int64_t parts = n == 1 ? 1 : is_odd(n) ? 2 : 4, part = n / parts;
  for (int i = 0; i < parts; i++) forward(w, p + i * part * NUMBER, part, parts + i);
}

static void blocks_through(const Work *w, int64_t n) {
  const int64_t parts = n == 1 ? 1 : is_odd(n) ? 2 : 4, part = n / parts;
  for (int i = 0; i < parts; i++) through(w, w->signal + i * part * NUMBER, w->kernel + i * part * NUMBER, part, parts + i);
}

// As many channels as there are lanes: their kernels once, then every sequence.
static void convolve(const void *args, int64_t index, int64_t thread) {
  const Args *a = args;
  const int64_t n = a->size, c0 = index * LANES, lanes = least(LANES, a->channels - c0);
  float *memory = a->scratch + thread * a->scratchFloats;
  const Work w = {a->table, memory, memory + n * NUMBER, memory + 2 * n * NUMBER};
  // the inverse's 1 / n is taken in advance: products cannot overflow early
  memset(w.signal, 0, 4 * a->length * LANES);
  transpose_rows(a->K + c0 * a->length, a->length, lanes, a->length, w.signal, LANES);
  enter(w.table, (Reals){w.signal, LANES, a->length, LANES, splat(1.0f / n)}, n, w.kernel);
  blocks_forward(&w, w.kernel, n);
  for (int64_t b = 0; b < a->batch; b++) {
    const int64_t at = b * a->length * a->channels + c0;
    const Reals tokens = {a->u + at, a->channels, a->length, lanes, splat(1)};
    enter(w.table, tokens, n, w.signal);
    blocks_through(&w, n);
    leave(w.table, w.signal, n, tokens, a->Y + at);
  }
}

void kernel(const void *args) {
  const Args *a = args;
  share(convolve, args, (a->channels + LANES - 1) / LANES, a->threads);
}
