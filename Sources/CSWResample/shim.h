// libswresample for Swift.
#pragma once
// One owner for each shared header: else Swift meets the same enumerators in several modules and finds some in none.
#pragma clang module import CAVUtil
#include <libswresample/swresample.h>

// Casted macros.
static inline uint64_t sluice_layout_mono(void) { return AV_CH_LAYOUT_MONO; }
static inline uint64_t sluice_layout_stereo(void) { return AV_CH_LAYOUT_STEREO; }
static inline uint64_t sluice_layout_quad(void) { return AV_CH_LAYOUT_QUAD; }
static inline uint64_t sluice_layout_5point1(void) { return AV_CH_LAYOUT_5POINT1; }
static inline uint64_t sluice_layout_5point1_back(void) { return AV_CH_LAYOUT_5POINT1_BACK; }
