// Samples with alpha from one form to another. Integers: the same at every vector width. See sluice_mix.h.
#include "CSluice.h"

static inline uint32_t over65535(uint32_t v) {
  v += 32767;
  return (v + (v >> 16) + 1) >> 16;
}

SLUICE_WIDE void sluice_tint8(uint8_t *restrict dst, const uint8_t *restrict src, size_t n, uint8_t value, uint16_t w) {
  const uint32_t rest = 65535u - w, add = (uint32_t)value * w;
  for (size_t i = 0; i < n; i++) dst[i] = (uint8_t)over65535(src[i] * rest + add);
}
SLUICE_WIDE void sluice_tint16(uint16_t *restrict dst, const uint16_t *restrict src, size_t n, uint16_t value, uint16_t w) {
  const uint32_t rest = 65535u - w, add = (uint32_t)value * w;
  for (size_t i = 0; i < n; i++) dst[i] = (uint16_t)over65535(src[i] * rest + add);
}

static inline uint32_t sample(const void *plane, size_t i, int depth) {
  return depth > 8 ? ((const uint16_t *)plane)[i] : ((const uint8_t *)plane)[i];
}
static inline void put(void *plane, size_t i, int depth, uint32_t v) {
  if (depth > 8) ((uint16_t *)plane)[i] = (uint16_t)v;
  else ((uint8_t *)plane)[i] = (uint8_t)v;
}
static inline uint32_t wide_alpha(uint32_t a, int depth) {
  const uint32_t top = (1u << depth) - 1;
  return a >= top ? 65535 : (a * 65535u + top / 2) / top;
}

void sluice_alpha_widen(uint16_t *out, const void *a, size_t n, int depth) {
  for (size_t i = 0; i < n; i++) out[i] = (uint16_t)wide_alpha(sample(a, i, depth), depth);
}
void sluice_alpha_narrow(void *out, const uint16_t *a, size_t n, int depth) {
  const uint32_t top = (1u << depth) - 1;
  for (size_t i = 0; i < n; i++) put(out, i, depth, (a[i] * top + 32767) / 65535);
}
void sluice_premultiply(uint16_t *p, const void *c, const void *a, size_t n, int depth) {
  for (size_t i = 0; i < n; i++)
    p[i] = (uint16_t)over65535((sample(c, i, depth) << (16 - depth)) * wide_alpha(sample(a, i, depth), depth));
}
void sluice_unpremultiply(void *c, const uint16_t *p, const uint16_t *a, size_t n, int depth) {
  const uint32_t top = (1u << depth) - 1;
  for (size_t i = 0; i < n; i++) {
    const uint64_t whole = (uint64_t)a[i] << (16 - depth);
    const uint64_t v = whole ? ((uint64_t)p[i] * 65535 + whole / 2) / whole : 0;
    put(c, i, depth, v > top ? top : (uint32_t)v);
  }
}

void sluice_double_premultiplied(uint16_t *p, const uint16_t *a, size_t n) {
  for (size_t i = 0; i < n; i++) {
    const uint32_t v = a[i] > 32767 ? ((uint32_t)p[i] * 65535u + a[i] / 2) / a[i] : p[i] * 2u;
    p[i] = (uint16_t)(v > 65535 ? 65535 : v);
  }
}
SLUICE_WIDE void sluice_scale_by(uint16_t *restrict p, const uint16_t *restrict w, size_t n) {
  for (size_t i = 0; i < n; i++) p[i] = (uint16_t)over65535((uint32_t)p[i] * w[i]);
}

bool sluice_ink(const void *plane, ptrdiff_t stride, int width, int height, int sample_bytes, int box[4]) {
  int x0 = width * sample_bytes, x1 = 0, y0 = height, y1 = 0;
  for (int y = 0; y < height; y++) {
    const uint8_t *row = (const uint8_t *)plane + (ptrdiff_t)y * stride;
    int from = 0, end = width * sample_bytes;
    while (from < end && row[from] == 0) from++;
    if (from == end) continue;
    while (row[end - 1] == 0) end--;
    if (from < x0) x0 = from;
    if (end > x1) x1 = end;
    if (y < y0) y0 = y;
    y1 = y + 1;
  }
  box[0] = x0 / sample_bytes, box[1] = y0, box[2] = (x1 + sample_bytes - 1) / sample_bytes, box[3] = y1;
  return y1 > y0;
}
