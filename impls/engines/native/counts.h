// Whole numbers that every kernel counts with.
#pragma once
#include "vector.h"

INLINE int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
INLINE int64_t ratio_up(int64_t a, int64_t b) { return (a + b - 1) / b; }
// Of so many numbers: the vectors, and the numbers that fill them.
INLINE int64_t vectors_of(int64_t count) { return ratio_up(count, LANES); }
INLINE int64_t padded_to_vectors(int64_t count) { return vectors_of(count) * LANES; }
