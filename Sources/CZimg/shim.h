// zimg for Swift: its structures hold arrays of anonymous structs, which Swift imports without usable names.
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <zimg.h>

typedef struct sluice_zimg_image {
  unsigned width, height, depth, subsample_w, subsample_h;
  zimg_color_family_e family;
  int matrix, transfer, primaries, chroma_location;
  bool full_range;
  zimg_alpha_type_e alpha;
  double left, top, active_width, active_height; // active_width 0: the whole image
} sluice_zimg_image;

static inline zimg_image_format sluice_zimg_format(const sluice_zimg_image *image) {
  zimg_image_format f;
  zimg_image_format_default(&f, ZIMG_API_VERSION);
  f.width = image->width;
  f.height = image->height;
  f.pixel_type = image->depth > 8 ? ZIMG_PIXEL_WORD : ZIMG_PIXEL_BYTE;
  f.depth = image->depth;
  f.subsample_w = image->subsample_w;
  f.subsample_h = image->subsample_h;
  f.color_family = image->family;
  f.matrix_coefficients = (zimg_matrix_coefficients_e)image->matrix;
  f.transfer_characteristics = (zimg_transfer_characteristics_e)image->transfer;
  f.color_primaries = (zimg_color_primaries_e)image->primaries;
  f.chroma_location = (zimg_chroma_location_e)image->chroma_location;
  f.pixel_range = image->full_range ? ZIMG_RANGE_FULL : ZIMG_RANGE_LIMITED;
  f.alpha = image->alpha;
  if (image->active_width > 0) {
    f.active_region.left = image->left;
    f.active_region.top = image->top;
    f.active_region.width = image->active_width;
    f.active_region.height = image->active_height;
  }
  return f;
}

/// A graph, or NULL (`zimg_get_last_error` says why). `b` and `c` are the bicubic kernel's parameters.
static inline zimg_filter_graph *sluice_zimg_build(const sluice_zimg_image *source, const sluice_zimg_image *target,
                                                   zimg_resample_filter_e filter, double b, double c, int cpu) {
  zimg_image_format s = sluice_zimg_format(source), t = sluice_zimg_format(target);
  zimg_graph_builder_params p;
  zimg_graph_builder_params_default(&p, ZIMG_API_VERSION);
  p.resample_filter = p.resample_filter_uv = filter;
  if (filter == ZIMG_RESIZE_BICUBIC) {
    p.filter_param_a = p.filter_param_a_uv = b;
    p.filter_param_b = p.filter_param_b_uv = c;
  }
  p.cpu_type = (zimg_cpu_type_e)cpu;
  return zimg_filter_graph_build(&s, &t, &p);
}

/// Runs a graph over whole planes, in zimg's order: Y U V A. 0 or an error code.
static inline int sluice_zimg_run(const zimg_filter_graph *graph, const void *const source[4], const ptrdiff_t source_stride[4],
                                  void *const target[4], const ptrdiff_t target_stride[4], void *scratch) {
  zimg_image_buffer_const s = {ZIMG_API_VERSION, {{0}}};
  zimg_image_buffer t = {ZIMG_API_VERSION, {{0}}};
  for (int i = 0; i < 4; i++) {
    s.plane[i].data = source[i];
    s.plane[i].stride = source_stride[i];
    s.plane[i].mask = ZIMG_BUFFER_MAX;
    t.plane[i].data = target[i];
    t.plane[i].stride = target_stride[i];
    t.plane[i].mask = ZIMG_BUFFER_MAX;
  }
  return zimg_filter_graph_process(graph, &s, &t, scratch, 0, 0, 0, 0);
}
