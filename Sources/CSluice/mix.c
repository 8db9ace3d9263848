// Pixels mixed in float: blend modes, tints, and everything to and from surfaces with alpha. Chunks of a few hundred pixels, so
// that all rows in work stay in the first-level cache. See sluice_mix.h.
#include "CSluice.h"
#pragma STDC FP_CONTRACT OFF

enum { CHUNK = 256, NORMAL = 0, ADD, MULTIPLY, SCREEN, OVERLAY, DARKEN, LIGHTEN, DIFFERENCE, PLUS };

// Straight code values and what their alpha, opacity and coverage come to. Index -1 is the pixel on the left.
typedef struct pixels {
  float color[3][CHUNK + 8], alpha[CHUNK + 8];
} pixels;

#define INLINE static inline __attribute__((always_inline))

// Times 65535 it is one, exactly.
#define PART (1.0f / 65535.0f)

INLINE void load(float *restrict out, const void *from, int n, int log2, bool wide) {
  if (wide) {
    const uint16_t *restrict s = from;
    if (log2 == 0)
      for (int i = 0; i < n; i++) out[i] = s[i];
    else if (log2 == 1) {
      for (int i = 0; i < n / 2; i++) out[2 * i] = out[2 * i + 1] = s[i];
      if (n & 1) out[n - 1] = s[n / 2];
    } else
      for (int i = 0; i < n; i++) out[i] = s[i >> log2];
  } else {
    const uint8_t *restrict s = from;
    if (log2 == 0)
      for (int i = 0; i < n; i++) out[i] = s[i];
    else if (log2 == 1) {
      for (int i = 0; i < n / 2; i++) out[2 * i] = out[2 * i + 1] = s[i];
      if (n & 1) out[n - 1] = s[n / 2];
    } else
      for (int i = 0; i < n; i++) out[i] = s[i >> log2];
  }
}

INLINE void store(void *to, const float *restrict v, int n, float top, bool wide) {
  if (wide) {
    uint16_t *restrict d = to;
    for (int i = 0; i < n; i++) d[i] = (uint16_t)(int)((v[i] < 0 ? 0 : v[i] > top ? top : v[i]) + 0.5f);
  } else {
    uint8_t *restrict d = to;
    for (int i = 0; i < n; i++) d[i] = (uint8_t)(int)((v[i] < 0 ? 0 : v[i] > top ? top : v[i]) + 0.5f);
  }
}

INLINE const void *at(const void *plane, ptrdiff_t stride, int x, int y, int bytes) {
  return (const uint8_t *)plane + (ptrdiff_t)y * stride + (ptrdiff_t)x * bytes;
}

// Pixels x - left ..< x + n of row y. The arrays' element 4 is pixel x: room for the one on the left.
INLINE void fetch(pixels *out, const sluice_surface *t, const sluice_pixels *s, const sluice_mix_rule *rule, int x, int y, int n,
                  int left) {
  const int cw = t->log2_width, ch = t->log2_height, bytes = t->depth > 8 ? 2 : 1, m = n + left;
  float *restrict a = out->alpha + 4 - left;
  const float top = (float)((1 << t->depth) - 1);
  switch (s->kind) {
  case SLUICE_PIXELS_OPAQUE:
    for (int k = 0; k < t->channels; k++) {
      const int w = k ? cw : 0, h = k ? ch : 0;
      load(out->color[k] + 4, at(s->plane[k], s->stride[k], x >> w, y >> h, bytes), n, w, bytes == 2);
    }
    for (int i = 0; i < m; i++) a[i] = 1;
    break;
  case SLUICE_PIXELS_FILL:
    for (int k = 0; k < t->channels; k++)
      for (int i = 0; i < m; i++) out->color[k][4 - left + i] = s->fill[k];
    for (int i = 0; i < m; i++) a[i] = 1;
    break;
  case SLUICE_PIXELS_STRAIGHT:
    for (int k = 0; k < t->channels; k++)
      load(out->color[k] + 4 - left, at(s->plane[k], s->stride[k], x - left, y, bytes), m, 0, bytes == 2);
    load(a, at(s->plane[3], s->stride[3], x - left, y, bytes), m, 0, bytes == 2);
    for (int i = 0; i < m; i++) a[i] = a[i] / top;
    break;
  default: {
    float straight[CHUNK + 8];
    const float whole = 65535.0f / (float)(1 << (16 - t->depth));
    load(a, at(s->plane[3], s->stride[3], x - left, y, 2), m, 0, true);
    for (int i = 0; i < m; i++) straight[i] = a[i] > 0 ? whole / a[i] : 0;
    for (int k = 0; k < t->channels; k++) {
      float *restrict c = out->color[k] + 4 - left;
      load(c, at(s->plane[k], s->stride[k], x - left, y, 2), m, 0, true);
      for (int i = 0; i < m; i++) c[i] = c[i] * straight[i];
    }
    for (int i = 0; i < m; i++) a[i] = a[i] * PART;
  }
  }
  const float *restrict across = rule->across + x - left;
  const float down = rule->down[y] * rule->opacity;
  for (int i = 0; i < m; i++) a[i] = a[i] * (across[i] * down);
  if (s->weights) {
    const uint16_t *restrict w = at(s->weights, s->weights_stride, x - left, y, 2);
    for (int i = 0; i < m; i++) a[i] = a[i] * ((float)w[i] * PART);
  }
  if (rule->tint_alpha > 0)
    for (int k = 0; k < t->channels; k++) {
      float *restrict c = out->color[k] + 4 - left;
      const float tint = rule->tint[k], amount = rule->tint_alpha;
      for (int i = 0; i < m; i++) c[i] = c[i] + (tint - c[i]) * amount;
    }
}

INLINE float unit(float v) { return v < 0 ? 0 : v > 1 ? 1 : v; }
INLINE float least(float a, float b) { return a < b ? a : b; }
INLINE float most(float a, float b) { return a > b ? a : b; }

// delta = from_rgb (change of R'G'B'), where EFFECT is the change of a channel that has cb below and cs above, with alpha a.
#define DELTAS(EFFECT)                                                                                                 \
  for (int i = 0; i < n; i++) {                                                                                        \
    const float a = alpha[i];                                                                                          \
    const float y = b0[i] - o[0], u = b1[i] - o[1], v = b2[i] - o[2];                                                  \
    const float z = s0[i] - o[0], p = s1[i] - o[1], q = s2[i] - o[2];                                                  \
    float e[3];                                                                                                        \
    for (int k = 0; k < 3; k++) {                                                                                      \
      const float cb = unit(m[3 * k] * y + m[3 * k + 1] * u + m[3 * k + 2] * v);                                       \
      const float cs = unit(m[3 * k] * z + m[3 * k + 1] * p + m[3 * k + 2] * q);                                       \
      e[k] = EFFECT;                                                                                                   \
    }                                                                                                                  \
    d0[i] = w[0] * e[0] + w[1] * e[1] + w[2] * e[2];                                                                   \
    d1[i] = w[3] * e[0] + w[4] * e[1] + w[5] * e[2];                                                                   \
    d2[i] = w[6] * e[0] + w[7] * e[1] + w[8] * e[2];                                                                   \
  }                                                                                                                    \
  break

INLINE void deltas(const sluice_mix_rule *rule, float back[3][CHUNK], const pixels *above, float out[3][CHUNK], int n) {
  const float *restrict b0 = back[0], *restrict b1 = back[1], *restrict b2 = back[2];
  const float *restrict s0 = above->color[0] + 4, *restrict s1 = above->color[1] + 4, *restrict s2 = above->color[2] + 4;
  const float *restrict alpha = above->alpha + 4;
  float *restrict d0 = out[0], *restrict d1 = out[1], *restrict d2 = out[2];
  float m[9], w[9], o[3];
  memcpy(m, rule->to_rgb, sizeof m);
  memcpy(w, rule->from_rgb, sizeof w);
  memcpy(o, rule->offset, sizeof o);
  switch (rule->mode) {
  case ADD: DELTAS(a * (least(cb + cs, 1) - cb));
  case MULTIPLY: DELTAS(a * (cb * cs - cb));
  case SCREEN: DELTAS(a * (cs - cb * cs));
  case OVERLAY: DELTAS(a * ((cb <= 0.5f ? 2 * cb * cs : 1 - 2 * (1 - cb) * (1 - cs)) - cb));
  case DARKEN: DELTAS(a * (least(cb, cs) - cb));
  case LIGHTEN: DELTAS(a * (most(cb, cs) - cb));
  case DIFFERENCE: DELTAS(a * (most(cb - cs, cs - cb) - cb));
  default: DELTAS(least(cb + a * cs, 1) - cb);
  }
}

// One chunk on an opaque surface: all rows of a row of cells.
INLINE void mix_opaque(const sluice_surface *t, const sluice_pixels *s, const sluice_mix_rule *rule, int x, int y, int n, int rows) {
  const int cw = t->log2_width, ch = t->log2_height, bytes = t->depth > 8 ? 2 : 1, cells = (n + (1 << cw) - 1) >> cw;
  const bool wide = bytes == 2, subsampled = t->channels == 3 && (cw || ch);
  const float top = (float)((1 << t->depth) - 1);
  const int left = s->sited_left && cw == 1 ? 1 : 0;
  // Chroma: sums over the cell of what is added, and (mode normal) of alpha, which takes from what was there.
  float sum[2][CHUNK], taken[CHUNK];
  if (subsampled)
    for (int i = 0; i < cells; i++) sum[0][i] = sum[1][i] = taken[i] = 0;
  for (int r = 0; r < rows; r++) {
    pixels above;
    float back[3][CHUNK], delta[3][CHUNK];
    const bool margin = left && (x > 0 || s->has_left);
    fetch(&above, t, s, rule, x, y + r, n, margin ? 1 : 0);
    if (rule->mode == NORMAL) {
      for (int k = 0; k < (subsampled ? 1 : t->channels); k++) {
        void *to = (void *)at(t->plane[k], t->stride[k], x, y + r, bytes);
        const float *restrict c = above.color[k] + 4, *restrict a = above.alpha + 4;
        load(back[k], to, n, 0, wide);
        for (int i = 0; i < n; i++) back[k][i] = back[k][i] + a[i] * (c[i] - back[k][i]);
        store(to, back[k], n, top, wide);
      }
      if (!subsampled) continue;
      float *a = above.alpha + 4, *u = above.color[1] + 4, *v = above.color[2] + 4;
      if (left) {
        if (!margin) a[-1] = a[0], u[-1] = u[0], v[-1] = v[0];
        if (n & 1) a[n] = a[n - 1], u[n] = u[n - 1], v[n] = v[n - 1];
        for (int i = 0; i < cells; i++) {
          const float a0 = a[2 * i - 1] * 0.25f, a1 = a[2 * i] * 0.5f, a2 = a[2 * i + 1] * 0.25f;
          taken[i] += a0 + a1 + a2;
          sum[0][i] += a0 * u[2 * i - 1] + a1 * u[2 * i] + a2 * u[2 * i + 1];
          sum[1][i] += a0 * v[2 * i - 1] + a1 * v[2 * i] + a2 * v[2 * i + 1];
        }
      } else {
        for (int i = 0; i < cells; i++) {
          const int from = i << cw, end = from + (1 << cw) < n ? from + (1 << cw) : n;
          float ta = 0, tu = 0, tv = 0;
          for (int j = from; j < end; j++) {
            ta += a[j];
            tu += a[j] * u[j];
            tv += a[j] * v[j];
          }
          const float part = 1.0f / (float)(end - from);
          taken[i] += ta * part;
          sum[0][i] += tu * part;
          sum[1][i] += tv * part;
        }
      }
      continue;
    }
    for (int k = 0; k < 3; k++) {
      const int w = k ? cw : 0, h = k ? ch : 0;
      if (k < t->channels) load(back[k], at(t->plane[k], t->stride[k], x >> w, (y + r) >> h, bytes), n, w, wide);
      else
        for (int i = 0; i < n; i++) back[k][i] = above.color[k][4 + i] = 0;
    }
    deltas(rule, back, &above, delta, n);
    for (int k = 0; k < (subsampled ? 1 : t->channels); k++) {
      for (int i = 0; i < n; i++) back[k][i] = back[k][i] + delta[k][i];
      store((void *)at(t->plane[k], t->stride[k], x, y + r, bytes), back[k], n, top, wide);
    }
    if (!subsampled) continue;
    for (int i = 0; i < cells; i++) {
      const int from = i << cw, end = from + (1 << cw) < n ? from + (1 << cw) : n;
      float tu = 0, tv = 0;
      for (int j = from; j < end; j++) {
        tu += delta[1][j];
        tv += delta[2][j];
      }
      const float part = 1.0f / (float)(end - from);
      sum[0][i] += tu * part;
      sum[1][i] += tv * part;
    }
  }
  if (!subsampled) return;
  const float part = 1.0f / (float)rows;
  for (int k = 1; k < 3; k++) {
    void *to = (void *)at(t->plane[k], t->stride[k], x >> cw, y >> ch, bytes);
    float c[CHUNK];
    load(c, to, cells, 0, wide);
    for (int i = 0; i < cells; i++) c[i] = c[i] + (sum[k - 1][i] - c[i] * taken[i]) * part;
    store(to, c, cells, top, wide);
  }
}

// One chunk of one row on a surface with alpha. With colours c and alphas a, b below and s above, premultiplied p = a c:
// p' = p + as ((1 - ab) cs + ab (change by the blend function)), ab' = ab + as (1 - ab).
INLINE void mix_alpha(const sluice_surface *t, const sluice_pixels *s, const sluice_mix_rule *rule, int x, int y, int n) {
  pixels above;
  float p[3][CHUNK], below[CHUNK], back[3][CHUNK], delta[3][CHUNK];
  const float step = (float)(1 << (16 - t->depth)), fine = 1 / step;
  fetch(&above, t, s, rule, x, y, n, 0);
  const float *restrict a = above.alpha + 4;
  void *alpha = (void *)at(t->plane[3], t->stride[3], x, y, 2);
  load(below, alpha, n, 0, true);
  for (int i = 0; i < n; i++) below[i] = below[i] * PART;
  for (int k = 0; k < t->channels; k++) {
    load(p[k], at(t->plane[k], t->stride[k], x, y, 2), n, 0, true);
    for (int i = 0; i < n; i++) p[k][i] = p[k][i] * fine;
  }
  if (rule->mode == NORMAL) {
    for (int k = 0; k < t->channels; k++) {
      const float *restrict c = above.color[k] + 4;
      for (int i = 0; i < n; i++) p[k][i] = p[k][i] + a[i] * (c[i] - p[k][i]);
    }
  } else if (rule->mode == PLUS) {
    // What goes beyond alpha 1 keeps its light but not its black level.
    for (int k = 0; k < t->channels; k++) {
      const float *restrict c = above.color[k] + 4;
      const float black = rule->offset[k];
      for (int i = 0; i < n; i++) p[k][i] = p[k][i] + a[i] * c[i] - black * most(below[i] + a[i] - 1, 0);
    }
  } else {
    for (int k = 0; k < 3; k++)
      for (int i = 0; i < n; i++) {
        if (k < t->channels) back[k][i] = below[i] > 0 ? p[k][i] / below[i] : 0;
        else back[k][i] = above.color[k][4 + i] = 0;
      }
    deltas(rule, back, &above, delta, n);
    for (int k = 0; k < t->channels; k++) {
      const float *restrict c = above.color[k] + 4;
      for (int i = 0; i < n; i++) p[k][i] = p[k][i] + a[i] * (1 - below[i]) * c[i] + below[i] * delta[k][i];
    }
  }
  for (int k = 0; k < t->channels; k++) {
    for (int i = 0; i < n; i++) p[k][i] = p[k][i] * step;
    store((void *)at(t->plane[k], t->stride[k], x, y, 2), p[k], n, 65535, true);
  }
  if (rule->mode == PLUS)
    for (int i = 0; i < n; i++) below[i] = (below[i] + a[i]) * 65535.0f;
  else
    for (int i = 0; i < n; i++) below[i] = (below[i] + a[i] * (1 - below[i])) * 65535.0f;
  store(alpha, below, n, 65535, true);
}

SLUICE_WIDE void sluice_mix(const sluice_surface *target, const sluice_pixels *source, const sluice_mix_rule *rule, int width,
                            int height) {
  const int rows = target->premultiplied || target->channels == 1 ? 1 : 1 << target->log2_height;
  for (int y = 0; y < height; y += rows)
    for (int x = 0; x < width; x += CHUNK) {
      const int n = width - x < CHUNK ? width - x : CHUNK;
      if (target->premultiplied) mix_alpha(target, source, rule, x, y, n);
      else mix_opaque(target, source, rule, x, y, n, height - y < rows ? height - y : rows);
    }
}
