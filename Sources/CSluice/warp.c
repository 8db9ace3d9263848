// Pictures turned by any angle: bicubic samples in integers, and the exact areas of pixels under a turned rectangle.
#include "CSluice.h"
#include <math.h>
#pragma STDC FP_CONTRACT OFF

sluice_spin sluice_spin_make(double cx, double cy, double width, double height, double degrees) {
  const double turn = degrees - 360 * floor(degrees / 360), angle = turn * (3.14159265358979323846 / 180);
  const double one = 4294967296.0;
  sluice_spin spin = {cx, cy, round(cos(angle) * one) / one, round(sin(angle) * one) / one, width / 2, height / 2};
  return spin;
}

// The part of a convex polygon where side * (coordinate `axis`) <= limit. Points have room for two more.
static int cut(double (*to)[2], double (*from)[2], int n, int axis, double side, double limit) {
  int count = 0;
  for (int i = 0; i < n; i++) {
    double *p = from[i], *q = from[(i + 1) % n];
    const double a = limit - side * p[axis], b = limit - side * q[axis];
    if (a >= 0) memcpy(to[count++], p, sizeof *to);
    if ((a > 0 && b < 0) || (a < 0 && b > 0)) {
      const double t = a / (a - b);
      to[count][0] = p[0] + (q[0] - p[0]) * t;
      to[count++][1] = p[1] + (q[1] - p[1]) * t;
    }
  }
  return count;
}

static double area(const sluice_spin *spin, double x0, double y0, double x1, double y1) {
  double a[12][2], b[12][2];
  const double xs[4] = {x0, x1, x1, x0}, ys[4] = {y0, y0, y1, y1};
  for (int i = 0; i < 4; i++) {
    const double dx = xs[i] - spin->cx, dy = ys[i] - spin->cy;
    a[i][0] = dx * spin->c + dy * spin->s;
    a[i][1] = dy * spin->c - dx * spin->s;
  }
  int n = cut(b, a, 4, 0, 1, spin->half_width);
  n = cut(a, b, n, 0, -1, spin->half_width);
  n = cut(b, a, n, 1, 1, spin->half_height);
  n = cut(a, b, n, 1, -1, spin->half_height);
  double sum = 0;
  for (int i = 0; i < n; i++) {
    const double *p = a[i], *q = a[(i + 1) % n];
    sum += (p[0] - a[0][0]) * (q[1] - a[0][1]) - (q[0] - a[0][0]) * (p[1] - a[0][1]);
  }
  return fabs(sum) / 2;
}

// Narrows first ..< end to the whole i with |at + i * step| <= limit, give or take one.
static void narrow(double at, double step, double limit, double *first, double *end) {
  if (fabs(step) < 1e-12) {
    if (fabs(at) > limit) *end = *first;
    return;
  }
  double low = (-limit - at) / step, high = (limit - at) / step;
  if (low > high) {
    const double t = low;
    low = high;
    high = t;
  }
  if (ceil(low) > *first) *first = ceil(low);
  if (floor(high) + 1 < *end) *end = floor(high) + 1;
}

void sluice_spin_coverage(const sluice_spin *spin, uint16_t *out, int n, double x, double y, double w, double h, double x_end,
                          int *first, int *end) {
  // Middle of the first cell, in the rectangle's own directions, and how far a cell reaches there.
  const double dx = x + w / 2 - spin->cx, dy = y + h / 2 - spin->cy;
  const double u = dx * spin->c + dy * spin->s, v = dy * spin->c - dx * spin->s;
  const double reach_u = (fabs(spin->c) * w + fabs(spin->s) * h) / 2, reach_v = (fabs(spin->s) * w + fabs(spin->c) * h) / 2;
  double from = 0, to = n, inner = 0, outer = n;
  narrow(u, spin->c * w, spin->half_width + reach_u, &from, &to);
  narrow(v, -spin->s * w, spin->half_height + reach_v, &from, &to);
  from = from - 1 < 0 ? 0 : from - 1;
  to = to + 1 > n ? n : to + 1;
  if (to < from) to = from;
  if (spin->half_width < reach_u || spin->half_height < reach_v) outer = inner;
  narrow(u, spin->c * w, spin->half_width - reach_u, &inner, &outer);
  narrow(v, -spin->s * w, spin->half_height - reach_v, &inner, &outer);
  inner += 1, outer -= 1;
  const int i0 = (int)from, i3 = (int)to;
  const int i1 = outer > inner ? (int)inner : i3, i2 = outer > inner ? (int)outer : i3;
  for (int i = 0; i < i0; i++) out[i] = 0;
  for (int i = i3; i < n; i++) out[i] = 0;
  for (int i = i1; i < i2; i++) out[i] = 65535;
  for (int i = i0; i < i3; i++) {
    if (i == i1) i = i2;
    if (i >= i3) break;
    const double left = x + i * w, right = left + w < x_end ? left + w : x_end;
    const double part = right > left ? area(spin, left, y, right, y + h) / ((right - left) * h) : 0;
    out[i] = (uint16_t)((part > 1 ? 1 : part) * 65535 + 0.5);
  }
  *first = i0;
  *end = i3;
}

typedef int32_t quad __attribute__((vector_size(16)));
typedef int16_t quad16 __attribute__((vector_size(8)));
typedef uint8_t bytes4 __attribute__((vector_size(4)));
typedef uint16_t words4 __attribute__((vector_size(8)));

static inline __attribute__((always_inline)) quad taps_of(const int16_t *taps, int64_t at) {
  quad16 q;
  memcpy(&q, taps + ((at >> 22) & 1023) * 4, sizeof q);
  return __builtin_convertvector(q, quad);
}

#define WARP(bits, vec)                                                                                                \
  static inline __attribute__((always_inline)) quad four##bits(const uint8_t *row, int x, int w, bool inside) {        \
    const uint##bits##_t *s = (const uint##bits##_t *)row;                                                             \
    if (inside) {                                                                                                      \
      vec q;                                                                                                           \
      memcpy(&q, s + x - 1, sizeof q);                                                                                 \
      return __builtin_convertvector(q, quad);                                                                         \
    }                                                                                                                  \
    quad q;                                                                                                            \
    for (int k = 0; k < 4; k++) {                                                                                      \
      const int at = x + k - 1;                                                                                        \
      q[k] = s[at < 0 ? 0 : at >= w ? w - 1 : at];                                                                     \
    }                                                                                                                  \
    return q;                                                                                                          \
  }                                                                                                                    \
  SLUICE_WIDE static void warp##bits(uint##bits##_t *dst, int n, const uint8_t *src, ptrdiff_t stride, int w, int h,   \
                                     int64_t u, int64_t v, int64_t du, int64_t dv, const int16_t *taps, int depth,     \
                                     int half) {                                                                       \
    const int top = (1 << depth) - 1, drop = depth - 1, shift = 28 - drop + half;                                      \
    for (int i = 0; i < n; i++, u += du, v += dv) {                                                                    \
      int64_t wide_x = u >> 32, wide_y = v >> 32;                                                                      \
      const int x = (int)(wide_x < -4 ? -4 : wide_x > w + 4 ? w + 4 : wide_x);                                         \
      const int y = (int)(wide_y < -4 ? -4 : wide_y > h + 4 ? h + 4 : wide_y);                                         \
      const quad cx = taps_of(taps, u), cy = taps_of(taps, v);                                                         \
      const bool inside = x >= 1 && x + 2 < w && y >= 1 && y + 2 < h;                                                  \
      quad sum = {0, 0, 0, 0};                                                                                         \
      for (int l = 0; l < 4; l++) {                                                                                    \
        const int at = y + l - 1, row = inside ? at : at < 0 ? 0 : at >= h ? h - 1 : at;                               \
        sum += four##bits(src + (ptrdiff_t)row * stride, x, w, inside) * cy[l];                                        \
      }                                                                                                                \
      sum = ((sum + (1 << (drop - 1))) >> drop) * cx;                                                                  \
      const int value = (sum[0] + sum[1] + sum[2] + sum[3] + (1 << (shift - 1))) >> shift;                             \
      dst[i] = (uint##bits##_t)(value < 0 ? 0 : value > top ? top : value);                                            \
    }                                                                                                                  \
  }
WARP(8, bytes4)
WARP(16, words4)

void sluice_warp_row(void *dst, int n, const void *src, ptrdiff_t stride, int width, int height, int64_t u, int64_t v, int64_t du,
                     int64_t dv, const int16_t *taps, int depth, bool halved) {
  if (depth > 8) warp16(dst, n, src, stride, width, height, u, v, du, dv, taps, depth, halved);
  else warp8(dst, n, src, stride, width, height, u, v, du, dv, taps, depth, halved);
}
