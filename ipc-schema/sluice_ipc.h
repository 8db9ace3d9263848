/* Sluice shared-memory and message layout. ABI 1.1.
 * The single source of the layout: Swift imports this file, and a worker in any language needs nothing else but
 * SPEC.md beside it. All fields are little-endian and naturally aligned. Every control word has exactly one writer.
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef SLUICE_IPC_H
#define SLUICE_IPC_H
#include <stddef.h>
#include <stdint.h>

#define SLUICE_ABI_MAJOR 1u
#define SLUICE_ABI_MINOR 1u
#define SLUICE_MAGIC_CONTROL 0x314c5443454c5553ull /* "SULECTL1" in memory, S first */
#define SLUICE_MAGIC_LEASE 0x3145534c454c5553ull   /* "SULELSE1" */
#define SLUICE_MAGIC_LOG 0x31474f4c454c5553ull     /* "SULELOG1" */
#define SLUICE_MAGIC_FRAME 0x314d5246u /* "FRM1" */
#define SLUICE_MAGIC_HELLO 0x314f4c48u /* "HLO1" */

#define SLUICE_MAX_RINGS 32u
#define SLUICE_MAX_WORKERS 64u     /* a holder bitmap is 64 bits wide */
#define SLUICE_MAX_SLOTS 4096u
#define SLUICE_MAX_INPUTS 496u     /* inputs of one render job */
#define SLUICE_MAX_PLANES 4u
#define SLUICE_FRAME_BYTES 256u    /* the frame header at the start of every slot */
#define SLUICE_PLANE_ALIGN 64u     /* plane addresses and strides */
#define SLUICE_NO_SLOT 0xffffffffu

enum sluice_role {
  SLUICE_ROLE_NONE = 0, SLUICE_ROLE_DECODER = 1, SLUICE_ROLE_RENDERER = 2, SLUICE_ROLE_ENCODER = 3,
  SLUICE_ROLE_AUDIO = 4, SLUICE_ROLE_FILTER = 5
};

/* ---- frame header: first SLUICE_FRAME_BYTES of a slot, written by whoever fills the slot, before DONE ---- */

enum sluice_family { SLUICE_FAMILY_GRAY = 0, SLUICE_FAMILY_YUV = 1, SLUICE_FAMILY_RGB = 2, SLUICE_FAMILY_PCM = 3 };
/* format word: family | depth << 4 | log2 chroma width << 10 | log2 chroma height << 12 | alpha << 14.
 * Samples are unsigned, planar, 1 byte up to depth 8, else 2 bytes little-endian in the low bits; PCM is float32. */
#define SLUICE_FORMAT(family, depth, cw, ch, alpha) \
  ((uint32_t)(family) | (uint32_t)(depth) << 4 | (uint32_t)(cw) << 10 | (uint32_t)(ch) << 12 | (uint32_t)(alpha) << 14)

enum sluice_frame_flag {
  SLUICE_FRAME_DAMAGED = 1,      /* the codec reported errors in it, or it stands in for a lost one */
  SLUICE_FRAME_INTERLACED = 2, SLUICE_FRAME_TOP_FIELD_FIRST = 4,
  SLUICE_FRAME_PREMULTIPLIED = 8
};

typedef struct sluice_plane {
  uint64_t offset;  /* bytes from the start of the slot; a multiple of SLUICE_PLANE_ALIGN unless cropping moved it */
  uint32_t stride;  /* bytes from row to row */
  uint32_t reserved;
} sluice_plane;

typedef struct sluice_frame {
  uint32_t magic;          /*   0 SLUICE_MAGIC_FRAME */
  uint32_t flags;          /*   4 sluice_frame_flag */
  uint32_t format;         /*   8 format word */
  uint32_t width;          /*  12 visible samples */
  uint32_t height;         /*  16 */
  uint32_t sar_num;        /*  20 sample aspect ratio, 1:1 when unknown */
  uint32_t sar_den;        /*  24 */
  uint8_t matrix;          /*  28 ITU-T H.273 MatrixCoefficients, 2 = unknown */
  uint8_t primaries;       /*  29 ITU-T H.273 ColourPrimaries */
  uint8_t transfer;        /*  30 ITU-T H.273 TransferCharacteristics */
  uint8_t full_range;      /*  31 0 limited, 1 full */
  uint8_t chroma_location; /*  32 0 left, 1 center, 2 top-left */
  uint8_t rotation;        /*  33 quarter turns clockwise to show it upright, 0 to 3 */
  uint8_t mirror;          /*  34 1: mirrored left to right before the rotation */
  uint8_t plane_count;     /*  35 */
  uint32_t reserved0;      /*  36 */
  int64_t pts_num;         /*  40 presentation time from the source's start, seconds = pts_num / pts_den */
  int64_t pts_den;         /*  48 */
  int64_t number;          /*  56 output frame number, or -1 */
  sluice_plane plane[SLUICE_MAX_PLANES]; /* 64 Y U V A, or R G B A, or gray A */
  uint8_t reserved1[128];  /* 128 */
} sluice_frame;

/* ---- control region: written by the supervisor alone, mapped read-only by every worker ---- */

typedef struct sluice_control {
  uint64_t magic;          /*  0 SLUICE_MAGIC_CONTROL; stored last with release: 0 means not ready */
  uint16_t abi_major;      /*  8 */
  uint16_t abi_minor;      /* 10 */
  uint32_t ring_count;     /* 12 */
  uint64_t bytes;          /* 16 whole region */
  uint64_t epoch;          /* 24 random number of this run */
  uint32_t slot_count;     /* 32 slots of all rings together; slot numbers are global */
  uint32_t job_count;      /* 36 entries of the job table */
  uint64_t ring_offset;    /* 40 sluice_ring[SLUICE_MAX_RINGS] */
  uint64_t slot_offset;    /* 48 sluice_slot[slot_count] */
  uint64_t job_offset;     /* 56 sluice_job[job_count] */
} sluice_control;

typedef struct sluice_ring {
  uint32_t epoch;          /*  0 raised when the ring is made anew; 0 = unused */
  uint32_t fill_role;      /*  4 sluice_role that may write its payload */
  uint32_t first_slot;     /*  8 global number of its first slot */
  uint32_t slot_count;     /* 12 */
  uint64_t slot_bytes;     /* 16 a multiple of 4096; slot i starts at (i - first_slot) * slot_bytes */
  uint64_t bytes;          /* 24 payload region */
} sluice_ring;

enum sluice_slot_state { SLUICE_SLOT_FREE = 0, SLUICE_SLOT_GRANTED = 1, SLUICE_SLOT_READY = 2 };
/* slot word: generation << 32 | flags << 16 | owner << 8 | state */
typedef struct sluice_slot {
  uint64_t word;           /*  0 */
  uint64_t holders;        /*  8 bitmap of worker indices that may still read it */
  int64_t frame;           /* 16 frame number it is filled for */
  uint32_t ring;           /* 24 */
  uint32_t stream;         /* 28 decode stream; 0xffffff00 and above: an output frame; 0xfffffe00: a filtered picture;
                                   SLUICE_STREAM_SOUND: a block of sound */
  uint64_t reserved[4];    /* 32 */
} sluice_slot;

typedef struct sluice_input {
  uint32_t stream;
  uint32_t slot;
  uint32_t generation;
  uint32_t reserved;
} sluice_input;

typedef struct sluice_job {
  uint64_t sequence;       /*  0 number of this job in the run; the message that names the record repeats it */
  int64_t frame;           /*  8 */
  uint32_t slot;           /* 16 output slot */
  uint32_t generation;     /* 20 */
  uint32_t input_count;    /* 24 */
  uint32_t reserved[9];    /* 28 */
  sluice_input input[SLUICE_MAX_INPUTS]; /* 64 */
} sluice_job;

/* ---- lease region: one a worker, written by that worker alone, read by the supervisor ---- */

#define SLUICE_TEXT_BYTES 512u
#define SLUICE_TEXT_COUNT 6u
typedef struct sluice_lease {
  uint64_t magic;            /*   0 SLUICE_MAGIC_LEASE */
  uint32_t worker;           /*   8 */
  uint32_t slot_count;       /*  12 length of done[] and of released[] */
  uint64_t heartbeat;        /*  16 CLOCK_MONOTONIC nanoseconds, at least once a second */
  uint64_t done_offset;      /*  24 uint32_t done[slot_count]: generation that this worker has filled */
  uint64_t released_offset;  /*  32 uint32_t released[slot_count]: uses of the slot let go since attach, a running count */
  uint64_t text_count;       /*  40 texts written so far; text i stands in text[i % SLUICE_TEXT_COUNT] */
  uint64_t reserved0[2];     /*  48 */
  uint64_t frames;           /*  64 counters: frames finished */
  uint64_t busy_ns;          /*  72 time at work, all threads */
  uint64_t blocked_ns;       /*  80 time waiting for a slot or for work */
  uint64_t direct_frames;    /*  88 decoded straight into a slot */
  uint64_t fallback_frames;  /*  96 had to be converted or copied into one */
  uint64_t copied_bytes;     /* 104 picture bytes moved without computing anything */
  uint64_t buffers_created;  /* 112 private picture buffers made */
  uint64_t damaged_frames;   /* 120 */
  /* audio worker: its engine's profile so far; pressure 0 low, 1 medium, 2 high */
  uint64_t audio_quanta;            /* 128 quanta of 128 sample frames rendered */
  uint64_t audio_load_average_ppm;  /* 136 time for a quantum by its duration, millionths */
  uint64_t audio_load_peak_ppm;     /* 144 */
  uint64_t audio_underruns;         /* 152 real time only */
  uint64_t audio_underrun_ns;       /* 160 */
  uint64_t audio_latency_ns;        /* 168 */
  uint64_t audio_allocations;       /* 176 in quanta of an unchanged graph */
  uint64_t audio_pool_pressure;     /* 184 */
  int64_t audio_loudness_mlufs;     /* 192 of the whole, thousandths of LUFS, before normalising; 0: not measured */
  int64_t audio_true_peak_mdb;      /* 200 thousandths of dBTP */
  uint64_t reserved1[6];            /* 208 */
  char text[SLUICE_TEXT_COUNT][SLUICE_TEXT_BYTES]; /* 256 UTF-8, zero-terminated */
} sluice_lease;

/* ---- messages: a ZeroMQ message is one or more of these, 64 bytes each ---- */

enum sluice_message_type {
  /* supervisor to worker */
  SLUICE_MSG_GRANT = 1,      /* slot, generation for stream; SLUICE_NO_SLOT: the answer "none" to a NEED. To an audio worker: fill it
                                with block `frame` of the sound. Blocks come in order; another than the next one: go there */
  SLUICE_MSG_OPEN = 2,       /* stream (a handle): deliver record arg of the plan, frames frame ..< arg2 */
  SLUICE_MSG_CLOSE = 3,      /* stream: stop, let go of everything */
  SLUICE_MSG_RENDER = 4,     /* job record `job`, sequence in arg, frame, slot, generation */
  SLUICE_MSG_ENCODE = 5,     /* frame, slot, generation; stream SLUICE_STREAM_SOUND: frame is a block of sound */
  SLUICE_MSG_FINISH = 6,     /* encoder: segment job has count frames, all sent; drain and finish its file */
  SLUICE_MSG_QUIT = 7,
  SLUICE_MSG_FILTER = 8,     /* read slot, write slot2, generation2; arg = filter record of the plan; answered by DONE with job */
  SLUICE_MSG_BEGIN = 9,      /* encoder: a fresh encoder for segment job, first frame frame, to the descriptor of that segment;
                                arg sluice_begin */
  /* worker to supervisor */
  SLUICE_MSG_READY = 32,     /* first message; arg = run epoch */
  SLUICE_MSG_DONE = 33,      /* slot, generation filled; frame = first output frame, count = frames it serves; stream or job */
  SLUICE_MSG_RELEASE = 34,   /* slot, generation let go; from an encoder count = how many ENCODEs of it are done with */
  SLUICE_MSG_END = 35,       /* stream: nothing comes after frame (exclusive) */
  SLUICE_MSG_FINISHED = 36,  /* encoder: segment job is written; arg = bytes */
  SLUICE_MSG_FAIL = 37,      /* stream or frame cannot be done; text[arg % SLUICE_TEXT_COUNT] says why; count = exit code */
  SLUICE_MSG_WARN = 38,      /* text[arg % SLUICE_TEXT_COUNT] for the user */
  SLUICE_MSG_NEED = 39       /* stream: its codec holds all slots; answered by GRANT, with SLUICE_NO_SLOT when there is none */
};

enum sluice_begin {
  SLUICE_BEGIN_OUTPUT = 0,   /* the whole output, with everything that the plan has, into its container; raw streams in parts */
  SLUICE_BEGIN_SEGMENT = 1,  /* pictures, as a segment file */
  SLUICE_BEGIN_SOUND = 2     /* the whole sound, as a segment file; job SLUICE_JOB_SOUND */
};
#define SLUICE_JOB_SOUND 0xfffffffeu
#define SLUICE_STREAM_SOUND 0xfffffd00u /* also `stream` of a slot of sound */
/* A block of sound is SLUICE_SOUND_BLOCK sample frames, the last one shorter. Its frame header: family PCM, depth 32 (float, -1 to 1),
 * width = sample frames, height = channels, one plane whose rows are the channels, number = block, pts its time in seconds. */
#define SLUICE_SOUND_BLOCK 8192u

typedef struct sluice_message {
  uint16_t type;         /*  0 */
  uint16_t worker;       /*  2 sender's index (from a worker), receiver's index (to a worker) */
  uint32_t ring_epoch;   /*  4 */
  uint32_t slot;         /*  8 global slot number */
  uint32_t generation;   /* 12 */
  int64_t frame;         /* 16 */
  uint32_t stream;       /* 24 */
  uint32_t job;          /* 28 */
  uint32_t count;        /* 32 */
  uint32_t slot2;        /* 36 */
  uint32_t generation2;  /* 40 */
  uint32_t reserved;     /* 44 */
  uint64_t arg;          /* 48 */
  uint64_t arg2;         /* 56 */
} sluice_message;

/* ---- message log (1.1): what one side says to the other, in order; two regions a worker, each with one writer ----
 * Entry i stands at entry[i % SLUICE_LOG_COUNT]; it may be overwritten once the reader's own log says that it has seen it. */

#define SLUICE_LOG_COUNT 1024u
typedef struct sluice_log {
  uint64_t magic;          /*  0 SLUICE_MAGIC_LOG, stored last */
  uint64_t count;          /*  8 messages said so far; stored with release after the entry */
  uint64_t seen;           /* 16 messages of the other side's log that were taken in; stored with release after reading them */
  uint64_t reserved[5];    /* 24 */
  sluice_message entry[SLUICE_LOG_COUNT]; /* 64 */
} sluice_log;

/* ---- attach: one SEQPACKET packet each way, then region packets ---- */

enum sluice_feature {
  SLUICE_FEATURE_PLAN = 1, /* it does its role's work by the plan region: without it, no part of a real run */
  SLUICE_FEATURE_LOG = 2   /* 1.1: it takes its messages from the log COMMANDS and says its own in the log ANSWERS */
};
typedef struct sluice_hello {
  uint32_t magic;        /*  0 SLUICE_MAGIC_HELLO */
  uint16_t abi_major;    /*  4 */
  uint16_t abi_minor;    /*  6 */
  uint32_t role;         /*  8 sluice_role */
  uint32_t features;     /* 12 sluice_feature */
  uint64_t token;        /* 16 given to a worker that the supervisor started (SLUICE_TOKEN), else 0 */
  uint64_t filter;       /* 24 role filter: FNV-1a 64 of the name of the filter that it is, 0 = any; since 1.1 */
} sluice_hello;

enum sluice_region_kind {
  SLUICE_REGION_CONTROL = 1, SLUICE_REGION_LEASE = 2, SLUICE_REGION_PLAN = 3, SLUICE_REGION_RING = 4,
  SLUICE_REGION_OUTPUT = 5,  /* encoder, at any time: descriptor that segment `ring` is written to */
  SLUICE_REGION_COMMANDS = 6, /* 1.1, sluice_log of the supervisor; only where the hello has SLUICE_FEATURE_LOG */
  SLUICE_REGION_ANSWERS = 7   /* 1.1, sluice_log of the worker */
};
typedef struct sluice_welcome {
  uint32_t magic;        /*  0 SLUICE_MAGIC_HELLO */
  uint16_t abi_major;    /*  4 */
  uint16_t abi_minor;    /*  6 */
  uint32_t status;       /*  8 0 welcome, else refused: 1 version, 2 role, 3 full, 4 token */
  uint32_t worker;       /* 12 index of this worker */
  uint64_t epoch;        /* 16 */
  uint32_t region_count; /* 24 region packets that follow, each with one descriptor */
  uint32_t reserved;     /* 28 */
  char endpoint[224];    /* 32 ZeroMQ endpoint of the supervisor's ROUTER, zero-terminated */
} sluice_welcome;
typedef struct sluice_region {
  uint32_t kind;         /*  0 sluice_region_kind */
  uint32_t ring;         /*  4 */
  uint32_t epoch;        /*  8 ring epoch */
  uint32_t writable;     /* 12 1: map it read-write, 0: read-only */
  uint64_t bytes;        /* 16 */
  uint64_t reserved;     /* 24 */
} sluice_region;

#define SLUICE_CHECK(type, field, at) _Static_assert(offsetof(type, field) == (at), #type "." #field)
_Static_assert(sizeof(sluice_frame) == SLUICE_FRAME_BYTES, "sluice_frame");
SLUICE_CHECK(sluice_frame, format, 8); SLUICE_CHECK(sluice_frame, matrix, 28);
SLUICE_CHECK(sluice_frame, plane_count, 35); SLUICE_CHECK(sluice_frame, pts_num, 40);
SLUICE_CHECK(sluice_frame, number, 56); SLUICE_CHECK(sluice_frame, plane, 64);
_Static_assert(sizeof(sluice_plane) == 16, "sluice_plane");
_Static_assert(sizeof(sluice_control) == 64, "sluice_control");
SLUICE_CHECK(sluice_control, bytes, 16); SLUICE_CHECK(sluice_control, slot_count, 32);
SLUICE_CHECK(sluice_control, ring_offset, 40); SLUICE_CHECK(sluice_control, job_offset, 56);
_Static_assert(sizeof(sluice_ring) == 32, "sluice_ring");
_Static_assert(sizeof(sluice_slot) == 64, "sluice_slot");
_Static_assert(sizeof(sluice_input) == 16, "sluice_input");
_Static_assert(sizeof(sluice_job) == 64 + 16 * SLUICE_MAX_INPUTS, "sluice_job");
SLUICE_CHECK(sluice_job, input, 64);
_Static_assert(sizeof(sluice_lease) == 256 + SLUICE_TEXT_BYTES * SLUICE_TEXT_COUNT, "sluice_lease");
SLUICE_CHECK(sluice_lease, heartbeat, 16); SLUICE_CHECK(sluice_lease, frames, 64); SLUICE_CHECK(sluice_lease, audio_quanta, 128); SLUICE_CHECK(sluice_lease, text, 256);
_Static_assert(sizeof(sluice_message) == 64, "sluice_message");
SLUICE_CHECK(sluice_message, slot, 8); SLUICE_CHECK(sluice_message, frame, 16); SLUICE_CHECK(sluice_message, arg, 48);
_Static_assert(sizeof(sluice_log) == 64 + 64 * SLUICE_LOG_COUNT, "sluice_log");
SLUICE_CHECK(sluice_log, count, 8); SLUICE_CHECK(sluice_log, seen, 16); SLUICE_CHECK(sluice_log, entry, 64);
_Static_assert(sizeof(sluice_hello) == 32, "sluice_hello"); SLUICE_CHECK(sluice_hello, filter, 24);
_Static_assert(sizeof(sluice_welcome) == 256, "sluice_welcome");
_Static_assert(sizeof(sluice_region) == 32, "sluice_region");
#undef SLUICE_CHECK
#endif
