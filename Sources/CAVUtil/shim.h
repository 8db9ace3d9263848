// libavutil for Swift. Macros that Swift cannot import get a static inline here.
#pragma once
#include <errno.h>
#include <libavutil/audio_fifo.h>
#include <libavutil/avutil.h>
#include <libavutil/buffer.h>
#include <libavutil/channel_layout.h>
#include <libavutil/cpu.h>
#include <libavutil/crc.h>
#include <libavutil/dict.h>
#include <libavutil/display.h>
#include <libavutil/error.h>
#include <libavutil/frame.h>
#include <libavutil/imgutils.h>
#include <libavutil/log.h>
#include <libavutil/mathematics.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libavutil/rational.h>
#include <libavutil/samplefmt.h>

static inline int sluice_averror(int e) { return AVERROR(e); }           // macro with an argument
static inline int sluice_averror_eof(void) { return AVERROR_EOF; }       // FFERRTAG macro
static inline int sluice_averror_invalid(void) { return AVERROR_INVALIDDATA; }
static inline int64_t sluice_av_nopts(void) { return AV_NOPTS_VALUE; }   // casted macro
static inline int64_t sluice_av_time_base(void) { return AV_TIME_BASE; }
