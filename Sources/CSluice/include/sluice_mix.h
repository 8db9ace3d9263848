// Kernels of the compositor beside those of blend.c: pixels mixed in float (mix.c), moved by parts of a sample (shift.c),
// turned by any angle (warp.c), and put into the forms that these want (alpha.c). None of them keeps anything between calls.
// Floats are never contracted: the same bits at every vector width.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Compiled a second time for wider vectors where the machine may have them; chosen when the program is loaded.
#if defined(__x86_64__) && defined(__linux__)
// Resolvers run before a sanitizer is ready, and would be instrumented.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define SLUICE_WIDE
#endif
#endif
#ifndef SLUICE_WIDE
#define SLUICE_WIDE __attribute__((target_clones("avx2", "default")))
#endif
#else
#define SLUICE_WIDE
#endif

/// How pixels of a source are stored.
enum sluice_pixel_kind {
  SLUICE_PIXELS_OPAQUE = 0,        ///< planes like the target's canvas has them
  SLUICE_PIXELS_STRAIGHT = 1,      ///< full resolution, alpha in plane[3], colours not multiplied by it
  SLUICE_PIXELS_PREMULTIPLIED = 2, ///< full resolution, 16 bits: colour codes << (16 - depth), times alpha; alpha 0...65535
  SLUICE_PIXELS_FILL = 3,          ///< one colour
};

/// A source; pointers stand at the area's first pixel.
typedef struct sluice_pixels {
  int kind;
  const void *plane[4];
  ptrdiff_t stride[4];       ///< bytes
  const uint16_t *weights;   ///< coverage of each pixel, 0...65535; NULL: all of them
  ptrdiff_t weights_stride;  ///< bytes
  float fill[3];             ///< code values
  bool sited_left;           ///< chroma samples take 1 2 1 around their left column, instead of their cell's mean
  bool has_left;             ///< the pixel left of the area may be read, across[-1] too
} sluice_pixels;

/// What is drawn on; pointers stand at the area's first pixel.
typedef struct sluice_surface {
  void *plane[4];
  ptrdiff_t stride[4];           ///< bytes
  int depth, channels;           ///< of the canvas: 8...16; 1 or 3
  int log2_width, log2_height;   ///< chroma of the canvas: of an opaque source, and of the target if not premultiplied
  bool premultiplied;            ///< as SLUICE_PIXELS_PREMULTIPLIED; else opaque
} sluice_surface;

/// How a source is put on a surface.
typedef struct sluice_mix_rule {
  int mode;                      ///< numbers of the plan: 0 normal ... 8 plus
  float opacity;
  float tint[3], tint_alpha;     ///< code values
  float to_rgb[9], offset[3];    ///< R'G'B' of 0...1 = to_rgb (code - offset)
  float from_rgb[9];             ///< codes from R'G'B' differences
  const float *across, *down;    ///< coverage of every column and every row of the area, 0...1
} sluice_mix_rule;

/// Mixes an area of width x height pixels that begins on the chroma grid. Where a layer is transparent, or its blend function gives
/// the backdrop, no byte changes; opaque pixels come out as they are.
void sluice_mix(const sluice_surface *target, const sluice_pixels *source, const sluice_mix_rule *rule, int width, int height);

/// dst = round((src * (65535 - w) + value * w) / 65535)
void sluice_tint8(uint8_t *dst, const uint8_t *src, size_t n, uint8_t value, uint16_t w);
void sluice_tint16(uint16_t *dst, const uint16_t *src, size_t n, uint16_t value, uint16_t w);

/// One row from straight samples of `depth` bits to premultiplied ones, and back. `c` and `p`: colours; `a`: alphas.
void sluice_premultiply(uint16_t *p, const void *c, const void *a, size_t n, int depth);
void sluice_unpremultiply(void *c, const uint16_t *p, const uint16_t *a, size_t n, int depth);
/// One row of alphas of `depth` bits to 16 and back.
void sluice_alpha_widen(uint16_t *out, const void *a, size_t n, int depth);
void sluice_alpha_narrow(void *out, const uint16_t *a, size_t n, int depth);
/// The smallest box with all samples of a plane that are not zero: false when there are none.
bool sluice_ink(const void *plane, ptrdiff_t stride, int width, int height, int sample_bytes, int box[4]);
/// Undoes the halving of the resamplers: alpha beyond one becomes one, and takes its colours with it. Colours before alpha.
void sluice_double_premultiplied(uint16_t *p, const uint16_t *a, size_t n);
/// Multiplies samples by weights of 0...65535.
void sluice_scale_by(uint16_t *p, const uint16_t *w, size_t n);

/// dst(i, j) = sum of cx[k] * cy[l] * src(x + i + k - 1, y + j + l - 1) / 2^28, edges of the source repeated. Taps of 14 bits whose
/// sum is 16384. Strides in bytes. `halved`: half of that, so that what goes beyond the largest sample is kept.
void sluice_shift(void *dst, ptrdiff_t dst_stride, int width, int height, const void *src, ptrdiff_t src_stride, int src_width,
                  int src_height, int x, int y, const int16_t cx[4], const int16_t cy[4], int depth, bool halved);

/// A rectangle turned around its middle: pixel (x, y) of the canvas is u = (x - cx) c + (y - cy) s, v = (y - cy) c - (x - cx) s
/// of it, inside while |u| <= half_width and |v| <= half_height.
typedef struct sluice_spin {
  double cx, cy, c, s, half_width, half_height;
} sluice_spin;
/// Sine and cosine are rounded to 32 bits behind the point: the same on every machine.
sluice_spin sluice_spin_make(double cx, double cy, double width, double height, double degrees);
/// Exact areas of a row of cells (x + i * w, y) that lie inside, over their own area, as 0...65535. Cells end at x_end. Gives the
/// run of cells first ..< end outside which all are zero.
void sluice_spin_coverage(const sluice_spin *spin, uint16_t *out, int n, double x, double y, double w, double h, double x_end,
                          int *first, int *end);
/// Bicubic samples (Catmull-Rom) at positions (u + i * du, v + i * dv) of a plane, 32 bits behind the point; its edges are repeated.
/// `taps` are 1024 phases of four taps of 14 bits. `halved` as above.
void sluice_warp_row(void *dst, int n, const void *src, ptrdiff_t stride, int width, int height, int64_t u, int64_t v, int64_t du,
                     int64_t dv, const int16_t *taps, int depth, bool halved);
