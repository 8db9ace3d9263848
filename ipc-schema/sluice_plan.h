/* Sluice plan: a compiled timeline as one flat block in read-only shared memory. Plan version 1.
 * The supervisor writes it once before workers start; every worker evaluates it for frame n by one pure function:
 * the visible layers of frame n are the records of the layer table with first <= n < end, drawn by rising `order`.
 * All fields are little-endian and naturally aligned, offsets count bytes from the start of the block, tables are
 * 8-byte aligned. A reader checks magic, version, every offset and every index once, before it evaluates.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SLUICE_PLAN_H
#define SLUICE_PLAN_H
#include <stddef.h>
#include <stdint.h>

#define SLUICE_PLAN_MAGIC 0x314e4c5043554c53ull /* the bytes "SLUCPLN1" */
#define SLUICE_PLAN_VERSION 1u

typedef struct sluice_plan_rational {
  int64_t num;
  int64_t den;             /* above zero */
} sluice_plan_rational;

/* Text in the text area: UTF-8, not terminated. */
typedef struct sluice_plan_text {
  uint32_t offset;         /* from the start of the text area */
  uint32_t bytes;
} sluice_plan_text;

/* Non-linear R'G'B' in the canvas's primaries and transfer, straight alpha; 0 to 1. */
typedef struct sluice_plan_color { double red, green, blue, alpha; } sluice_plan_color;
typedef struct sluice_plan_rect { double x, y, width, height; } sluice_plan_rect;

/* ITU-T H.273 code points as in sluice_frame. */
typedef struct sluice_plan_description {
  uint8_t matrix, primaries, transfer, full_range, chroma_location, reserved[3];
} sluice_plan_description;

typedef struct sluice_plan {
  uint64_t magic;                    /*   0 SLUICE_PLAN_MAGIC */
  uint32_t version;                  /*   8 SLUICE_PLAN_VERSION */
  uint32_t header_bytes;             /*  12 sizeof(sluice_plan) */
  uint64_t bytes;                    /*  16 the whole block */
  int64_t frame_count;               /*  24 output frames are 0 ..< frame_count */
  uint32_t width;                    /*  32 canvas, pixels */
  uint32_t height;                   /*  36 */
  uint32_t format;                   /*  40 format word of sluice_ipc.h */
  uint32_t reserved0;                /*  44 */
  sluice_plan_rational rate;         /*  48 frames a second */
  sluice_plan_rational sample_aspect;/*  64 */
  sluice_plan_color background;      /*  80 */
  sluice_plan_description color;     /* 112 */
  uint32_t source_count;             /* 120 */
  uint32_t stream_count;             /* 124 */
  uint32_t layer_count;              /* 128 */
  uint32_t option_count;             /* 132 */
  uint64_t source_offset;            /* 136 sluice_plan_source[source_count] */
  uint64_t stream_offset;            /* 144 sluice_plan_stream[stream_count], by rising first_frame */
  uint64_t layer_offset;             /* 152 sluice_plan_layer[layer_count], by rising first */
  uint64_t option_offset;            /* 160 sluice_plan_option[option_count], the encoder's, in order */
  uint64_t text_offset;              /* 168 text area */
  uint64_t text_bytes;               /* 176 */
  sluice_plan_text codec;            /* 184 output: libavcodec's encoder */
  sluice_plan_text container;        /* 192 libavformat's muxer */
  sluice_plan_text pixel_format;     /* 200 empty: the canvas's, or the nearest the encoder takes */
  sluice_plan_rational output_aspect;/* 208 sample aspect */
  sluice_plan_rational output_rate;  /* 224 */
  sluice_plan_description output_color; /* 240 */
  uint32_t output_width;             /* 248 */
  uint32_t output_height;            /* 252 */
  uint32_t output_threads;           /* 256 */
  uint32_t reserved1;                /* 260 */
} sluice_plan;

enum sluice_plan_source_kind { SLUICE_PLAN_FILE = 0, SLUICE_PLAN_LAVFI = 1 };
typedef struct sluice_plan_source {
  uint32_t kind;                     /*  0 sluice_plan_source_kind */
  uint32_t is_still;                 /*  4 */
  sluice_plan_text text;             /*  8 absolute path, or filter graph */
  int64_t file_bytes;                /* 16 identity when probed; 0 for lavfi */
  int64_t modified;                  /* 24 nanoseconds */
  uint32_t width;                    /* 32 coded picture */
  uint32_t height;                   /* 36 */
  sluice_plan_rational rate;         /* 40 0/1 when unknown */
} sluice_plan_source;

/* For output frame n in first_frame ..< end_frame the stream delivers the source frame whose interval holds
 * start + (n - first_frame) * step seconds. */
typedef struct sluice_plan_stream {
  uint32_t source;                   /*  0 */
  uint32_t is_still;                 /*  4 */
  int64_t first_frame;               /*  8 */
  int64_t end_frame;                 /* 16 */
  sluice_plan_rational start;        /* 24 */
  sluice_plan_rational step;         /* 40 */
  int64_t number;                    /* 56 number of the source frame wanted, or -1 */
  uint64_t slot_bytes;               /* 64 */
  uint32_t slots;                    /* 72 */
  uint32_t threads;                  /* 76 */
  uint32_t tile_width;               /* 80 a still's picture as delivered: `tile_source` of the upright picture scaled to this */
  uint32_t tile_height;              /* 84 size, in the canvas's format and colour; 0: as it is */
  sluice_plan_rect tile_source;      /* 88 */
} sluice_plan_stream;

/* The layer table is a balanced search tree over time: the node of the index range lo ..< hi is the record at
 * (lo + hi) / 2, and max_end is the largest `end` in lo ..< hi. */
typedef struct sluice_plan_layer {
  int64_t first;                     /*   0 */
  int64_t end;                       /*   8 */
  int64_t max_end;                   /*  16 */
  uint32_t order;                    /*  24 rises from bottom to top */
  int32_t stream;                    /*  28 or -1: filled with `fill` */
  sluice_plan_color fill;            /*  32 */
  sluice_plan_rect source;           /*  64 pixels of the upright picture */
  sluice_plan_rect destination;      /*  96 canvas pixels, inside the canvas */
  double opacity;                    /* 128 0 to 1 */
  uint64_t reserved;                 /* 136 0 */
} sluice_plan_layer;

typedef struct sluice_plan_option {
  sluice_plan_text name;
  sluice_plan_text value;
} sluice_plan_option;

#define SLUICE_CHECK(type, field, at) _Static_assert(offsetof(type, field) == (at), #type "." #field)
_Static_assert(sizeof(sluice_plan_rational) == 16, "sluice_plan_rational");
_Static_assert(sizeof(sluice_plan_text) == 8, "sluice_plan_text");
_Static_assert(sizeof(sluice_plan_color) == 32, "sluice_plan_color");
_Static_assert(sizeof(sluice_plan_rect) == 32, "sluice_plan_rect");
_Static_assert(sizeof(sluice_plan_description) == 8, "sluice_plan_description");
_Static_assert(sizeof(sluice_plan) == 264, "sluice_plan");
SLUICE_CHECK(sluice_plan, frame_count, 24); SLUICE_CHECK(sluice_plan, rate, 48); SLUICE_CHECK(sluice_plan, color, 112);
SLUICE_CHECK(sluice_plan, source_count, 120); SLUICE_CHECK(sluice_plan, source_offset, 136);
SLUICE_CHECK(sluice_plan, text_offset, 168); SLUICE_CHECK(sluice_plan, codec, 184);
SLUICE_CHECK(sluice_plan, output_rate, 224); SLUICE_CHECK(sluice_plan, output_threads, 256);
_Static_assert(sizeof(sluice_plan_source) == 56, "sluice_plan_source");
SLUICE_CHECK(sluice_plan_source, text, 8); SLUICE_CHECK(sluice_plan_source, rate, 40);
_Static_assert(sizeof(sluice_plan_stream) == 120, "sluice_plan_stream");
SLUICE_CHECK(sluice_plan_stream, start, 24); SLUICE_CHECK(sluice_plan_stream, slot_bytes, 64);
SLUICE_CHECK(sluice_plan_stream, tile_source, 88);
_Static_assert(sizeof(sluice_plan_layer) == 144, "sluice_plan_layer");
SLUICE_CHECK(sluice_plan_layer, order, 24); SLUICE_CHECK(sluice_plan_layer, destination, 96);
SLUICE_CHECK(sluice_plan_layer, opacity, 128);
_Static_assert(sizeof(sluice_plan_option) == 16, "sluice_plan_option");
#undef SLUICE_CHECK
#endif
