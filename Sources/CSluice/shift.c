// Planes moved by parts of a sample: four taps down, four taps across. Integers: the same at every vector width.
#include "CSluice.h"

enum { ONE = 16384, RUN = 512 };

static inline __attribute__((always_inline)) int clamp_to(int v, int low, int high) { return v < low ? low : v > high ? high : v; }

// Four rows of the source by cy, for columns from ..< from + n that exist. `shift` bits are dropped.
#define DOWN(bits)                                                                                                     \
  static inline __attribute__((always_inline)) void down##bits(int32_t *restrict out, const uint##bits##_t *restrict a, \
      const uint##bits##_t *restrict b, const uint##bits##_t *restrict c, const uint##bits##_t *restrict d, int n,      \
      const int16_t *cy, int shift) {                                                                                  \
    const int c0 = cy[0], c1 = cy[1], c2 = cy[2], c3 = cy[3], half = 1 << (shift - 1);                                 \
    if (c1 == ONE) {                                                                                                   \
      for (int i = 0; i < n; i++) out[i] = (b[i] * ONE + half) >> shift;                                               \
      return;                                                                                                          \
    }                                                                                                                  \
    for (int i = 0; i < n; i++) out[i] = (a[i] * c0 + b[i] * c1 + c[i] * c2 + d[i] * c3 + half) >> shift;              \
  }                                                                                                                    \
  static inline __attribute__((always_inline)) void straight_down##bits(uint##bits##_t *restrict out,                  \
      const uint##bits##_t *restrict a, const uint##bits##_t *restrict b, const uint##bits##_t *restrict c,            \
      const uint##bits##_t *restrict d, int n, const int16_t *cy, int top, int half) {                                 \
    const int c0 = cy[0], c1 = cy[1], c2 = cy[2], c3 = cy[3];                                                          \
    for (int i = 0; i < n; i++) {                                                                                      \
      const int v = (a[i] * c0 + b[i] * c1 + c[i] * c2 + d[i] * c3 + (ONE / 2 << half)) >> (14 + half);                \
      out[i] = (uint##bits##_t)(v < 0 ? 0 : v > top ? top : v);                                                        \
    }                                                                                                                  \
  }                                                                                                                    \
  static inline __attribute__((always_inline)) void across##bits(uint##bits##_t *restrict out,                         \
      const int32_t *restrict in, int n, const int16_t *cx, int shift, int top) {                                      \
    const int c0 = cx[0], c1 = cx[1], c2 = cx[2], c3 = cx[3], half = 1 << (shift - 1);                                 \
    for (int i = 0; i < n; i++) {                                                                                      \
      const int v = (in[i] * c0 + in[i + 1] * c1 + in[i + 2] * c2 + in[i + 3] * c3 + half) >> shift;                   \
      out[i] = (uint##bits##_t)(v < 0 ? 0 : v > top ? top : v);                                                        \
    }                                                                                                                  \
  }                                                                                                                    \
  SLUICE_WIDE static void shift##bits(uint8_t *dst, ptrdiff_t dst_stride, int width, int height, const uint8_t *src,   \
      ptrdiff_t src_stride, int sw, int sh, int x, int y, const int16_t *cx, const int16_t *cy, int depth, int half) { \
    const int top = (1 << depth) - 1, drop = depth - 1;                                                                \
    const bool still = cx[1] == ONE, level = cy[1] == ONE;                                                             \
    for (int j = 0; j < height; j++) {                                                                                 \
      const uint##bits##_t *row[4];                                                                                    \
      for (int l = 0; l < 4; l++)                                                                                      \
        row[l] = (const uint##bits##_t *)(src + (ptrdiff_t)clamp_to(y + j + l - 1, 0, sh - 1) * src_stride);           \
      uint##bits##_t *to = (uint##bits##_t *)(dst + (ptrdiff_t)j * dst_stride);                                        \
      for (int i = 0; i < width; i += RUN) {                                                                           \
        const int n = width - i < RUN ? width - i : RUN;                                                               \
        const int first = x + i, begin = clamp_to(-first, 0, n), end = clamp_to(sw - first, begin, n);                 \
        if (still) {                                                                                                   \
          if (level && !half) memcpy(to + i + begin, row[1] + first + begin, (size_t)(end - begin) * sizeof *to);               \
          else                                                                                                         \
            straight_down##bits(to + i + begin, row[0] + first + begin, row[1] + first + begin, row[2] + first + begin, \
                row[3] + first + begin, end - begin, cy, top, half);                                                   \
          for (int k = 0; k < begin; k++) to[i + k] = end > begin ? to[i + begin] : row[1][0];                         \
          for (int k = end; k < n; k++) to[i + k] = end > begin ? to[i + end - 1] : row[1][sw - 1];                    \
          continue;                                                                                                    \
        }                                                                                                              \
        int32_t line[RUN + 3];                                                                                         \
        const int lead = clamp_to(1 - first, 0, n + 3), tail = clamp_to(sw - first + 1, lead, n + 3);                  \
        const int from = first - 1 + lead;                                                                             \
        down##bits(line + lead, row[0] + from, row[1] + from, row[2] + from, row[3] + from, tail - lead, cy, drop);    \
        if (tail == lead) {                                                                                            \
          const int only = lead ? 0 : sw - 1;                                                                          \
          down##bits(line, row[0] + only, row[1] + only, row[2] + only, row[3] + only, 1, cy, drop);                   \
          for (int k = 1; k < n + 3; k++) line[k] = line[0];                                                           \
        } else {                                                                                                       \
          for (int k = 0; k < lead; k++) line[k] = line[lead];                                                         \
          for (int k = tail; k < n + 3; k++) line[k] = line[tail - 1];                                                 \
        }                                                                                                              \
        across##bits(to + i, line, n, cx, 28 - drop + half, top);                                                      \
      }                                                                                                                \
    }                                                                                                                  \
  }
DOWN(8)
DOWN(16)

void sluice_shift(void *dst, ptrdiff_t dst_stride, int width, int height, const void *src, ptrdiff_t src_stride, int src_width,
                  int src_height, int x, int y, const int16_t cx[4], const int16_t cy[4], int depth, bool halved) {
  if (depth > 8) shift16(dst, dst_stride, width, height, src, src_stride, src_width, src_height, x, y, cx, cy, depth, halved);
  else shift8(dst, dst_stride, width, height, src, src_stride, src_width, src_height, x, y, cx, cy, depth, halved);
}
