// From the map's gradients to those of its inputs, and the map's outputs: skip, gate, time steps.
#pragma once
#include "memory.h"

// Rows of the map's own outputs: through D and z into Y, and the gradient of z.
static void finish_outputs(const Args *a, Span s, Rows X, const float *outputs) {
  const int64_t stride = a->heads * a->headDim, width = wide(a);
  for (int64_t i = 0; i < s.count; i++)
    for (int64_t p = 0; p < width; p += LANES) {
      const int64_t at = channels_at(a, s) + i * stride + p, left = a->headDim - p;
      Vec y = load(outputs + i * width + p);
      if (a->D) y = madd(load_some(a->D + s.head * a->headDim + p, left), load(row_of(X, i) + p), y);
      if (a->z) {
        const Vec z = load_some(a->z + at, left), gate = splat(1) / (splat(1) + exp_of(-z));
        // silu'(z) = gate (1 + z (1 - gate)), where 1 - gate is the gate of -z: a difference would lose its digits
        const Vec slope = gate * madd(z, splat(1) / (splat(1) + exp_of(z)), splat(1));
        store_some(a->dz + at, load_some(a->dY + at, left) * y * slope, left);
        y *= z * gate;
      }
      if (a->Y) store_some(a->Y + at, y, left);
    }
}

// dX of each token, with what D passes on, and what a token adds to dD. @param dx the gradient of dt X @return its products with X
static void finish_inputs(const Args *a, Span s, Rows X, Rows dY, const Decays *d, const float *dx, float *skip, float products[CHUNK]) {
  const int64_t stride = a->heads * a->headDim, width = wide(a);
  Vec sums[CHUNK];
  for (int64_t i = 0; i < CHUNK; i++) {
    sums[i] = (Vec){0};
    for (int64_t p = 0; i < s.count && p < width; p += LANES) {
      const int64_t left = a->headDim - p;
      const Vec x = load(row_of(X, i) + p), dy = load(row_of(dY, i) + p), gradient = load(dx + i * width + p);
      sums[i] = madd(gradient, x, sums[i]);
      Vec out = splat(d->steps[i]) * gradient;
      if (a->D) {
        out = madd(load_some(a->D + s.head * a->headDim + p, left), dy, out);
        store(skip + p, madd(dy, x, load(skip + p)));
      }
      store_some(a->dX + channels_at(a, s) + i * stride + p, out, left);
    }
  }
  for (int i = 0; i < CHUNK; i += LANES) store(products + i, sums_of(sums + i));
}

// What a time step passes on to dt as it was given: 0 outside the limits, then the slope of softplus, which is 1 above 20.
static Vec step_slope(const Args *a, Vec given) {
  Vec v = given, slope = splat(1);
  if (a->softplus) {
    v = softplus(given);
    slope = chosen(given > splat(20), slope, splat(1) / (splat(1) + exp_of(-given)));
  }
  return chosen((v >= splat((float)a->dtMin)) & (v <= splat((float)a->dtMax)), slope, (Vec){0});
}

// The gradients of a chunk's time steps and log decays, and what they add to sums over tokens.
// @param products dx . X of each token @param dLog the gradient of each log decay
static void finish_steps(const Args *a, Span s, const Decays *d, const float products[CHUNK], const float dLog[CHUNK], Parts parts) {
  const int64_t at = number_at(a, s);
  if (!a->perHead)
    for (int64_t i = 0; i < s.count; i++) a->dlogA[at + i * a->heads] = dLog[i];
  if (!a->dt) return;
  float given[CHUNK] = {0}, dSteps[CHUNK];
  for (int64_t i = 0; i < s.count; i++) given[i] = a->dtGiven[at + i * a->heads] + (a->dtBias ? a->dtBias[s.head] : 0);
  for (int i = 0; i < CHUNK; i += LANES) {
    Vec gradient = load(products + i);
    // a rate of -Infinity forgets everything, whatever the step
    if (a->perHead && a->rates[s.head] >= -__FLT_MAX__) gradient = madd(splat(a->rates[s.head]), load(dLog + i), gradient);
    store(dSteps + i, a->dtMade ? gradient * step_slope(a, load(given + i)) : gradient);
  }
  for (int64_t i = 0; i < s.count; i++) {
    a->ddt[at + i * a->heads] = dSteps[i];
    *parts.bias += dSteps[i];
    *parts.rate += dLog[i] * d->steps[i];
  }
}
