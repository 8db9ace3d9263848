/* Sluice plan: a compiled timeline as one flat block in read-only shared memory. Plan version 4.
 * The supervisor writes it once before workers start; every worker evaluates it for frame n by one pure function:
 * the visible layers of frame n are the records of the layer table with first <= n < end, drawn by rising `order`, with
 * the numbers that their motion and transitions give them at n.
 * All fields are little-endian and naturally aligned, offsets count bytes from the start of the block, tables are
 * 8-byte aligned. A reader checks magic, version, every offset and every index once, before it evaluates.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SLUICE_PLAN_H
#define SLUICE_PLAN_H
#include <stddef.h>
#include <stdint.h>

#define SLUICE_PLAN_MAGIC 0x314e4c5043554c53ull /* the bytes "SLUCPLN1" */
#define SLUICE_PLAN_VERSION 4u

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
  uint32_t motion_count;             /* 260 */
  uint64_t motion_offset;            /* 264 sluice_plan_motion[motion_count] */
  uint64_t key_offset;               /* 272 sluice_plan_key[key_count] */
  uint64_t transition_offset;        /* 280 sluice_plan_transition[transition_count] */
  uint64_t parameter_offset;         /* 288 sluice_plan_parameter[parameter_count] */
  uint32_t key_count;                /* 296 */
  uint32_t transition_count;         /* 300 */
  uint32_t parameter_count;          /* 304 */
  uint32_t filter_count;             /* 308 */
  uint64_t filter_offset;            /* 312 sluice_plan_filter[filter_count] */
  uint32_t output_filter_first;      /* 320 filters of the whole frame, in order, between renderer and encoder */
  uint32_t output_filter_count;      /* 324 */
  uint64_t sound_offset;             /* 328 one sluice_plan_sound, or 0: silent. Without `codec` it is all there is */
} sluice_plan;

enum sluice_plan_source_kind {
  SLUICE_PLAN_FILE = 0, SLUICE_PLAN_LAVFI = 1, SLUICE_PLAN_SEQUENCE = 2, SLUICE_PLAN_TITLE = 3, SLUICE_PLAN_SUBTITLES = 4
};
typedef struct sluice_plan_source {
  uint32_t kind;                     /*  0 sluice_plan_source_kind */
  uint32_t is_still;                 /*  4 */
  sluice_plan_text text;             /*  8 absolute path, filter graph, or JSON that describes it */
  int64_t file_bytes;                /* 16 identity when probed; 0 for lavfi */
  int64_t modified;                  /* 24 nanoseconds */
  uint32_t width;                    /* 32 coded picture */
  uint32_t height;                   /* 36 */
  sluice_plan_rational rate;         /* 40 0/1 when unknown */
} sluice_plan_source;

/* A number over time: a constant, or keys with strictly rising times. */
typedef struct sluice_plan_value {
  double constant;
  uint32_t first_key;
  uint32_t key_count;      /* 0: constant */
} sluice_plan_value;

enum sluice_plan_ease { SLUICE_EASE_LINEAR = 0, SLUICE_EASE_HOLD = 1, SLUICE_EASE_BEZIER = 2 };
/* `ease` is that of the way to this key from the one before. */
typedef struct sluice_plan_key {
  sluice_plan_rational time; /* 0 seconds from the clip's start */
  double value;              /* 16 */
  uint32_t ease;             /* 24 */
  uint32_t reserved;         /* 28 */
  double x1, y1, x2, y2;     /* 32 control points of a Bezier curve from (0, 0) to (1, 1) */
} sluice_plan_key;

/* An option of a filter, set for each frame. */
typedef struct sluice_plan_parameter {
  uint32_t effect;           /*  0 index in the stream's effects */
  uint32_t reserved;         /*  4 */
  sluice_plan_text name;     /*  8 */
  sluice_plan_value value;   /* 16 */
} sluice_plan_parameter;

#define SLUICE_FILTER_EVERY_FRAME 1u
#define SLUICE_FILTER_NAME_BYTES 63u
/* A filter of somebody else's: what a worker of the role `filter` does to pictures. The FILTER message names the record. */
typedef struct sluice_plan_filter {
  sluice_plan_text name;             /*  0 letters, digits, '-' and '_', 1 to SLUICE_FILTER_NAME_BYTES bytes */
  sluice_plan_text parameters;       /*  8 JSON, "{}" when the project says nothing */
  sluice_plan_text version;          /* 16 empty: nobody knows whether the same picture comes out again */
  uint32_t flags;                    /* 24 SLUICE_FILTER_EVERY_FRAME: its result depends on the frame's number, too */
  uint32_t reserved;                 /* 28 */
} sluice_plan_filter;

#define SLUICE_STREAM_DEINTERLACE 1u

/* For output frame n in first_frame ..< end_frame the stream delivers the source frame whose interval holds
 * start + (n - first_frame) * step seconds; the time of its keys is key_start + (n - first_frame) * key_step. */
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
  sluice_plan_text effects;          /* 120 JSON array, empty: none */
  uint32_t flags;                    /* 128 SLUICE_STREAM_* */
  uint32_t first_parameter;          /* 132 */
  uint32_t parameter_count;          /* 136 */
  uint32_t warm_up;                  /* 140 source pictures before the first that the effects must have seen */
  sluice_plan_rational key_start;    /* 144 */
  sluice_plan_rational key_step;     /* 160 */
  uint64_t private_bytes;            /* 176 of the decoder's own memory, besides the slots and the codec's tables */
  uint32_t first_filter;             /* 184 its pictures go through these filters, in order, before they are used */
  uint32_t filter_count;             /* 188 */
} sluice_plan_stream;

/* The layer table is a balanced search tree over time: the node of the index range lo ..< hi is the record at
 * (lo + hi) / 2, and max_end is the largest `end` in lo ..< hi. */
enum sluice_plan_layer_kind { SLUICE_LAYER_FILL = 0, SLUICE_LAYER_PICTURE = 1, SLUICE_LAYER_GROUP = 2 };
enum sluice_plan_blend {
  SLUICE_BLEND_NORMAL = 0, SLUICE_BLEND_ADD = 1, SLUICE_BLEND_MULTIPLY = 2, SLUICE_BLEND_SCREEN = 3, SLUICE_BLEND_OVERLAY = 4,
  SLUICE_BLEND_DARKEN = 5, SLUICE_BLEND_LIGHTEN = 6, SLUICE_BLEND_DIFFERENCE = 7,
  SLUICE_BLEND_PLUS = 8    /* sum of premultiplied colours and of alphas: the two halves of a dissolve */
};
typedef struct sluice_plan_layer {
  int64_t first;                     /*   0 */
  int64_t end;                       /*   8 */
  int64_t max_end;                   /*  16 */
  uint32_t order;                    /*  24 rises from bottom to top; a group's members follow it */
  uint32_t kind;                     /*  28 sluice_plan_layer_kind */
  int32_t stream;                    /*  32 of a picture; -1 else */
  uint32_t members_end;              /*  36 of a group: its members have a lower order than this */
  sluice_plan_color fill;            /*  40 of a fill; a group's background */
  sluice_plan_rect source;           /*  72 pixels of the upright picture, or of the group's canvas */
  sluice_plan_rect destination;      /* 104 pixels of the canvas that it lies on */
  double opacity;                    /* 136 0 to 1 */
  double rotation;                   /* 144 degrees clockwise around the middle of the destination */
  uint32_t blend;                    /* 152 */
  int32_t motion;                    /* 156 or -1: gives source, destination, rotation and opacity instead */
  int32_t entering;                  /* 160 transition that brings it in, or -1 */
  int32_t leaving;                   /* 164 transition that takes it out, or -1 */
  uint32_t group_width;              /* 168 canvas of a group, pixels */
  uint32_t group_height;             /* 172 */
  uint64_t reserved;                 /* 176 */
} sluice_plan_layer;

/* Where a picture lies while that changes. With `parent` it lies on a canvas that is itself placed by that motion. */
typedef struct sluice_plan_motion {
  sluice_plan_rational offset;       /*   0 seconds of the clip at output second T, which its keys count: */
  sluice_plan_rational speed;        /*  16 offset + speed * T */
  double width;                      /*  32 upright picture, pixels */
  double height;                     /*  40 */
  double aspect;                     /*  48 shape of one of them, relative to a canvas pixel */
  uint32_t fit;                      /*  56 sluice_plan_fit */
  int32_t parent;                    /*  60 below its own index, or -1 */
  sluice_plan_value crop[4];         /*  64 x, y, width, height: pixels of the upright picture */
  sluice_plan_value place[4];        /* 128 x, y, width, height: pixels of the canvas */
  sluice_plan_value rotation;        /* 192 */
  sluice_plan_value opacity;         /* 208 */
} sluice_plan_motion;
enum sluice_plan_fit { SLUICE_FIT_CONTAIN = 0, SLUICE_FIT_COVER = 1, SLUICE_FIT_STRETCH = 2, SLUICE_FIT_NONE = 3 };

/* Progress at frame n is (n - first) / (end - first). */
enum sluice_plan_transition_kind {
  SLUICE_TRANSITION_DISSOLVE = 0,    /* the entering one becomes opaque over the leaving one */
  SLUICE_TRANSITION_CROSS = 1,       /* the leaving one becomes transparent as well */
  SLUICE_TRANSITION_FADE = 2,        /* the leaving one turns to `color`, then the entering one comes from it */
  SLUICE_TRANSITION_WIPE = 3, SLUICE_TRANSITION_SLIDE = 4, SLUICE_TRANSITION_PUSH = 5
};
enum sluice_plan_direction { SLUICE_LEFT = 0, SLUICE_RIGHT = 1, SLUICE_UP = 2, SLUICE_DOWN = 3 };
typedef struct sluice_plan_transition {
  int64_t first;                     /*  0 output frames; may be below zero */
  int64_t end;                       /*  8 */
  uint32_t kind;                     /* 16 */
  uint32_t direction;                /* 20 */
  sluice_plan_color color;           /* 24 */
  sluice_plan_rect area;             /* 56 that a wipe, slide or push crosses */
} sluice_plan_transition;

typedef struct sluice_plan_option {
  sluice_plan_text name;
  sluice_plan_text value;
} sluice_plan_option;

/* ---- sound: one continuous stream of float32 samples. Times of clips are output sample frames, which are counted from 0 ---- */

#define SLUICE_SOUND_LOUDNESS 1u
typedef struct sluice_plan_sound {
  uint32_t sample_rate;              /*   0 sample frames a second */
  uint32_t channels;                 /*   4 1 mono, 2 stereo, 6 for 5.1 (L R C LFE Ls Rs) */
  int64_t frame_count;               /*   8 output sample frames are 0 ..< frame_count */
  sluice_plan_rational start;        /*  16 second of the timeline at output sample frame 0: what the keys of tracks count */
  uint64_t track_offset;             /*  32 sluice_plan_sound_track[track_count] */
  uint64_t clip_offset;              /*  40 sluice_plan_sound_clip[clip_count], by rising first */
  uint64_t effect_offset;            /*  48 sluice_plan_sound_effect[effect_count] */
  uint64_t option_offset;            /*  56 sluice_plan_option[option_count], of the sound's encoder, in order */
  uint32_t track_count;              /*  64 */
  uint32_t clip_count;               /*  68 */
  uint32_t effect_count;             /*  72 */
  uint32_t option_count;             /*  76 */
  sluice_plan_text codec;            /*  80 libavcodec's encoder */
  uint64_t bit_rate;                 /*  88 bits a second; 0: the encoder's own */
  double loudness;                   /*  96 LUFS that the whole is brought to, with SLUICE_SOUND_LOUDNESS */
  uint32_t flags;                    /* 104 SLUICE_SOUND_* */
  uint32_t reserved;                 /* 108 */
} sluice_plan_sound;

/* What is heard of a track goes through its effects, then gain, then pan, to the output, or into a clip of a track before it.
 * Tracks that are not heard are not in the plan. */
typedef struct sluice_plan_sound_track {
  sluice_plan_value gain;            /*  0 decibels; keys count seconds of the timeline */
  sluice_plan_value pan;             /* 16 -1 left to 1 right */
  uint32_t first_effect;             /* 32 */
  uint32_t effect_count;             /* 36 */
  int32_t into;                      /* 40 a track of a timeline within: the clip (SLUICE_CLIP_GROUP) that it is part of; -1: none */
  uint32_t reserved;                 /* 44 */
} sluice_plan_sound_track;

enum sluice_plan_fade_curve {
  SLUICE_FADE_LINEAR = 0, SLUICE_FADE_EQUAL_POWER = 1, SLUICE_FADE_EXPONENTIAL = 2, SLUICE_FADE_S_CURVE = 3
};
typedef struct sluice_plan_fade {
  int64_t frames;                    /*  0 output sample frames; 0: none */
  uint32_t curve;                    /*  8 sluice_plan_fade_curve */
  uint32_t reserved;                 /* 12 */
} sluice_plan_fade;

#define SLUICE_CLIP_PRESERVES_PITCH 1u /* at speeds other than 1 */
#define SLUICE_CLIP_LOOPS 2u           /* the media again from the other end; else silence beyond it */
#define SLUICE_CLIP_GROUP 4u           /* it has no source: its samples are the mix of the tracks that go `into` it, at their own times */
/* Its samples go through its effects, then gain with fades, then pan, to its track. At output sample frame n it plays the second
 * start + (n - first) / sample_rate * speed of its source, whose samples have their presentation time less `zero`. A fade's length is
 * not cut where `first` or `end` are: `head` and `tail` sample frames of the clip lie before `first` and from `end` on. */
typedef struct sluice_plan_sound_clip {
  uint32_t source;                   /*   0 */
  uint32_t track;                    /*   4 */
  int64_t first;                     /*   8 output sample frames first ..< end, within the output */
  int64_t end;                       /*  16 */
  int64_t head;                      /*  24 */
  int64_t tail;                      /*  32 */
  sluice_plan_rational start;        /*  40 */
  sluice_plan_rational speed;        /*  56 source seconds a second, not 0; negative: backwards */
  sluice_plan_rational zero;         /*  72 presentation time in the file, seconds, that is the source's 0 */
  sluice_plan_rational length;       /*  88 seconds of the media from its 0, where known, else 0: what loops */
  uint32_t stream;                   /* 104 among the file's audio streams */
  uint32_t flags;                    /* 108 SLUICE_CLIP_* */
  sluice_plan_fade fade_in;          /* 112 the user's */
  sluice_plan_fade fade_out;         /* 128 */
  sluice_plan_fade cross_in;         /* 144 a transition's, on top of them */
  sluice_plan_fade cross_out;        /* 160 */
  sluice_plan_value gain;            /* 176 decibels; keys count seconds from `head` frames before `first` */
  sluice_plan_value pan;             /* 192 */
  uint32_t first_effect;             /* 208 */
  uint32_t effect_count;             /* 212 */
} sluice_plan_sound_clip;

enum sluice_plan_sound_effect_kind {
  SLUICE_EFFECT_BIQUAD = 0, SLUICE_EFFECT_DELAY = 1, SLUICE_EFFECT_COMPRESSOR = 2, SLUICE_EFFECT_LIMITER = 3,
  SLUICE_EFFECT_AVFILTER = 4
};
/* Parameters have the names and units of Web Audio (frequency, Q, gain, detune; delayTime; threshold, knee, ratio, attack, release);
 * delay has also feedback and mix, the limiter ceiling and release. The order of biquad types is that of Web Audio, too. */
enum sluice_plan_biquad {
  SLUICE_BIQUAD_LOWPASS = 0, SLUICE_BIQUAD_HIGHPASS = 1, SLUICE_BIQUAD_BANDPASS = 2, SLUICE_BIQUAD_LOWSHELF = 3,
  SLUICE_BIQUAD_HIGHSHELF = 4, SLUICE_BIQUAD_PEAKING = 5, SLUICE_BIQUAD_NOTCH = 6, SLUICE_BIQUAD_ALLPASS = 7
};
typedef struct sluice_plan_sound_effect {
  uint32_t kind;                     /*  0 sluice_plan_sound_effect_kind */
  uint32_t type;                     /*  4 sluice_plan_biquad of a biquad, else 0 */
  sluice_plan_text text;             /*  8 avfilter: the chain */
  uint32_t first_parameter;          /* 16 sluice_plan_parameter, whose `effect` is 0; keys count as those of the clip or track */
  uint32_t parameter_count;          /* 20 */
} sluice_plan_sound_effect;

#define SLUICE_CHECK(type, field, at) _Static_assert(offsetof(type, field) == (at), #type "." #field)
_Static_assert(sizeof(sluice_plan_rational) == 16, "sluice_plan_rational");
_Static_assert(sizeof(sluice_plan_text) == 8, "sluice_plan_text");
_Static_assert(sizeof(sluice_plan_color) == 32, "sluice_plan_color");
_Static_assert(sizeof(sluice_plan_rect) == 32, "sluice_plan_rect");
_Static_assert(sizeof(sluice_plan_description) == 8, "sluice_plan_description");
_Static_assert(sizeof(sluice_plan) == 336, "sluice_plan"); SLUICE_CHECK(sluice_plan, sound_offset, 328);
SLUICE_CHECK(sluice_plan, frame_count, 24); SLUICE_CHECK(sluice_plan, rate, 48); SLUICE_CHECK(sluice_plan, color, 112);
SLUICE_CHECK(sluice_plan, source_count, 120); SLUICE_CHECK(sluice_plan, source_offset, 136);
SLUICE_CHECK(sluice_plan, text_offset, 168); SLUICE_CHECK(sluice_plan, codec, 184);
SLUICE_CHECK(sluice_plan, output_rate, 224); SLUICE_CHECK(sluice_plan, output_threads, 256);
SLUICE_CHECK(sluice_plan, motion_offset, 264); SLUICE_CHECK(sluice_plan, parameter_count, 304);
SLUICE_CHECK(sluice_plan, filter_offset, 312); SLUICE_CHECK(sluice_plan, output_filter_count, 324);
_Static_assert(sizeof(sluice_plan_filter) == 32, "sluice_plan_filter"); SLUICE_CHECK(sluice_plan_filter, flags, 24);
_Static_assert(sizeof(sluice_plan_source) == 56, "sluice_plan_source");
SLUICE_CHECK(sluice_plan_source, text, 8); SLUICE_CHECK(sluice_plan_source, rate, 40);
_Static_assert(sizeof(sluice_plan_stream) == 192, "sluice_plan_stream");
SLUICE_CHECK(sluice_plan_stream, start, 24); SLUICE_CHECK(sluice_plan_stream, slot_bytes, 64);
SLUICE_CHECK(sluice_plan_stream, tile_source, 88); SLUICE_CHECK(sluice_plan_stream, key_start, 144);
SLUICE_CHECK(sluice_plan_stream, first_filter, 184);
_Static_assert(sizeof(sluice_plan_value) == 16, "sluice_plan_value");
_Static_assert(sizeof(sluice_plan_key) == 64, "sluice_plan_key");
_Static_assert(sizeof(sluice_plan_parameter) == 32, "sluice_plan_parameter");
_Static_assert(sizeof(sluice_plan_layer) == 184, "sluice_plan_layer");
SLUICE_CHECK(sluice_plan_layer, order, 24); SLUICE_CHECK(sluice_plan_layer, fill, 40);
SLUICE_CHECK(sluice_plan_layer, destination, 104); SLUICE_CHECK(sluice_plan_layer, opacity, 136);
SLUICE_CHECK(sluice_plan_layer, motion, 156); SLUICE_CHECK(sluice_plan_layer, group_width, 168);
_Static_assert(sizeof(sluice_plan_motion) == 224, "sluice_plan_motion");
SLUICE_CHECK(sluice_plan_motion, fit, 56); SLUICE_CHECK(sluice_plan_motion, place, 128);
_Static_assert(sizeof(sluice_plan_transition) == 88, "sluice_plan_transition");
SLUICE_CHECK(sluice_plan_transition, color, 24); SLUICE_CHECK(sluice_plan_transition, area, 56);
_Static_assert(sizeof(sluice_plan_option) == 16, "sluice_plan_option");
_Static_assert(sizeof(sluice_plan_sound) == 112, "sluice_plan_sound");
SLUICE_CHECK(sluice_plan_sound, track_offset, 32); SLUICE_CHECK(sluice_plan_sound, codec, 80); SLUICE_CHECK(sluice_plan_sound, flags, 104);
_Static_assert(sizeof(sluice_plan_sound_track) == 48, "sluice_plan_sound_track"); SLUICE_CHECK(sluice_plan_sound_track, into, 40);
_Static_assert(sizeof(sluice_plan_fade) == 16, "sluice_plan_fade");
_Static_assert(sizeof(sluice_plan_sound_clip) == 216, "sluice_plan_sound_clip");
SLUICE_CHECK(sluice_plan_sound_clip, start, 40); SLUICE_CHECK(sluice_plan_sound_clip, stream, 104);
SLUICE_CHECK(sluice_plan_sound_clip, fade_in, 112); SLUICE_CHECK(sluice_plan_sound_clip, gain, 176);
_Static_assert(sizeof(sluice_plan_sound_effect) == 24, "sluice_plan_sound_effect");
#undef SLUICE_CHECK
#endif
