// Blending and placing of planar samples. Integer arithmetic only: the result is the same at every vector width.
// Weights run from 0 to 65535; a blend is round((src * w + dst * (65535 - w)) / 65535), and never a tie.
#include "CSluice.h"

// round(v / 65535) for v <= 65535 * 65535.
static inline uint32_t over65535(uint32_t v) {
  v += 32767;
  return (v + (v >> 16) + 1) >> 16;
}

#define BLEND(bits)                                                                                                    \
  SLUICE_WIDE void sluice_blend##bits(uint##bits##_t *restrict dst, const uint##bits##_t *restrict src, size_t n,      \
                                      uint16_t w) {                                                                    \
    uint32_t rest = 65535u - w;                                                                                        \
    for (size_t i = 0; i < n; i++) dst[i] = (uint##bits##_t)over65535((uint32_t)src[i] * w + dst[i] * rest);           \
  }                                                                                                                    \
  SLUICE_WIDE void sluice_blend_weighted##bits(uint##bits##_t *restrict dst, const uint##bits##_t *restrict src,       \
                                               const uint16_t *restrict w, size_t n) {                                             \
    for (size_t i = 0; i < n; i++)                                                                                     \
      dst[i] = (uint##bits##_t)over65535((uint32_t)src[i] * w[i] + dst[i] * (65535u - w[i]));                          \
  }
BLEND(8)
BLEND(16)

SLUICE_WIDE void sluice_weights8(uint16_t *restrict out, const uint8_t *restrict alpha, size_t n, uint16_t weight) {
  // alpha / 255 is alpha * 257 / 65535.
  for (size_t i = 0; i < n; i++) out[i] = (uint16_t)over65535((uint32_t)alpha[i] * 257u * weight);
}
void sluice_weights16(uint16_t *restrict out, const uint16_t *restrict alpha, size_t n, uint32_t max, uint16_t weight) {
  for (size_t i = 0; i < n; i++) {
    uint32_t a = alpha[i] < max ? alpha[i] : max;
    out[i] = (uint16_t)((a * weight + max / 2) / max);
  }
}

// One cell of any width, cut by low and high.
#define BLEND_CELL(bits)                                                                                               \
  static void blend_cell##bits(uint##bits##_t *dst, int first, const uint##bits##_t *c, const uint##bits##_t *a,       \
                               ptrdiff_t stride, const sluice_chroma_cell *cell, uint16_t weight) {                    \
    const int span = 1 << cell->log2_width, left = cell->sited_left && cell->log2_width == 1;                          \
    uint64_t total = 0, alpha = 0, color = 0;                                                                          \
    for (int row = 0; row < cell->rows; row++) {                                                                       \
      const uint##bits##_t *cr = c + row * stride, *ar = a + row * stride;                                             \
      for (int tap = left ? -1 : 0; tap < span; tap++) {                                                               \
        int x = first + tap;                                                                                           \
        if (x < cell->low || x >= cell->high) {                                                                        \
          if (!left) continue;                                                                                         \
          x = x < cell->low ? cell->low : cell->high - 1;                                                              \
        }                                                                                                              \
        uint32_t t = left && tap == 0 ? 2 : 1;                                                                         \
        total += t;                                                                                                    \
        alpha += (uint64_t)t * ar[x];                                                                                  \
        color += (uint64_t)t * ar[x] * cr[x];                                                                          \
      }                                                                                                                \
    }                                                                                                                  \
    if (alpha == 0) return;                                                                                            \
    uint64_t whole = total * cell->max * 65535u;                                                                       \
    *dst = (uint##bits##_t)((color * weight + *dst * (whole - alpha * weight) + whole / 2) / whole);                   \
  }
BLEND_CELL(8)
BLEND_CELL(16)

void sluice_blend_chroma16(uint16_t *dst, size_t n, const uint16_t *c, const uint16_t *a, ptrdiff_t stride,
                           const sluice_chroma_cell *cell, uint16_t weight) {
  for (size_t i = 0; i < n; i++)
    blend_cell16(dst + i, cell->first + (int)(i << cell->log2_width), c, a, stride, cell, weight);
}

enum { CELLS = 64, FINE = 4095 };

// A run of at most CELLS cells of two by two samples, none of them cut. In 32 bits: the weight has 12 (full stays full).
static void blend_cells(uint8_t *restrict dst, int n, const uint8_t *restrict c, const uint8_t *restrict a, ptrdiff_t stride,
                        bool left, uint16_t weight) {
  uint32_t alpha[CELLS] = {0}, color[CELLS] = {0};
  for (int row = 0; row < 2; row++, a += stride, c += stride) {
    if (left)
      for (int i = 0; i < n; i++) {
        uint32_t a0 = a[2 * i - 1], a1 = 2u * a[2 * i], a2 = a[2 * i + 1];
        alpha[i] += a0 + a1 + a2;
        color[i] += a0 * c[2 * i - 1] + a1 * c[2 * i] + a2 * c[2 * i + 1];
      }
    else
      for (int i = 0; i < n; i++) {
        uint32_t a1 = 2u * a[2 * i], a2 = 2u * a[2 * i + 1];
        alpha[i] += a1 + a2;
        color[i] += a1 * c[2 * i] + a2 * c[2 * i + 1];
      }
  }
  enum { WHOLE = 8 * 255 * FINE };
  uint32_t w = ((uint32_t)weight * FINE + 32767) / 65535;
  for (int i = 0; i < n; i++)
    dst[i] = (uint8_t)((color[i] * w + dst[i] * (WHOLE - alpha[i] * w) + WHOLE / 2) / WHOLE);
}

void sluice_blend_chroma8(uint8_t *dst, size_t n, const uint8_t *c, const uint8_t *a, ptrdiff_t stride,
                          const sluice_chroma_cell *cell, uint16_t weight) {
  bool fast = cell->log2_width == 1 && cell->rows == 2;
  for (size_t i = 0; i < n;) {
    int first = cell->first + (int)(i << cell->log2_width), whole = (cell->high - first) / 2;
    if (fast && first > cell->low && whole > 0) {
      int run = (int)(n - i) < whole ? (int)(n - i) : whole;
      if (run > CELLS) run = CELLS;
      blend_cells(dst + i, run, c + first, a + first, stride, cell->sited_left, weight);
      i += (size_t)run;
    } else {
      blend_cell8(dst + i, first, c, a, stride, cell, weight);
      i++;
    }
  }
}

void sluice_fill16(uint16_t *dst, size_t n, uint16_t value) {
  for (size_t i = 0; i < n; i++) dst[i] = value;
}

// Blocks small enough that both the rows read and the rows written stay in the first-level cache.
#define ORIENT(bits)                                                                                                   \
  static void orient##bits(uint8_t *dst, ptrdiff_t stride, int width, int height, const uint8_t *src, ptrdiff_t step_x, \
                           ptrdiff_t step_y) {                                                                         \
    for (int by = 0; by < height; by += 32)                                                                            \
      for (int bx = 0; bx < width; bx += 32)                                                                           \
        for (int y = by; y < height && y < by + 32; y++) {                                                             \
          uint##bits##_t *row = (uint##bits##_t *)(dst + y * stride);                                                  \
          const uint8_t *from = src + y * step_y;                                                                      \
          for (int x = bx; x < width && x < bx + 32; x++) row[x] = *(const uint##bits##_t *)(from + x * step_x);       \
        }                                                                                                              \
  }
ORIENT(8)
ORIENT(16)

void sluice_orient(void *dst, ptrdiff_t stride, int width, int height, const void *src, ptrdiff_t step_x, ptrdiff_t step_y,
                   int sample_bytes) {
  if (step_x == sample_bytes)
    for (int y = 0; y < height; y++)
      memcpy((uint8_t *)dst + y * stride, (const uint8_t *)src + y * step_y, (size_t)width * sample_bytes);
  else if (sample_bytes == 1) orient8(dst, stride, width, height, src, step_x, step_y);
  else orient16(dst, stride, width, height, src, step_x, step_y);
}

void sluice_extend(void *plane, ptrdiff_t stride, int width, int height, int x0, int x1, int y0, int y1, int sample_bytes) {
  for (int y = y0; y < y1; y++) {
    uint8_t *row = (uint8_t *)plane + y * stride;
    for (int x = 0; x < x0; x++) memcpy(row + x * sample_bytes, row + x0 * sample_bytes, (size_t)sample_bytes);
    for (int x = x1; x < width; x++) memcpy(row + x * sample_bytes, row + (x1 - 1) * sample_bytes, (size_t)sample_bytes);
  }
  for (int y = 0; y < height; y++)
    if (y < y0 || y >= y1)
      memcpy((uint8_t *)plane + y * stride, (uint8_t *)plane + (y < y0 ? y0 : y1 - 1) * stride, (size_t)width * sample_bytes);
}
