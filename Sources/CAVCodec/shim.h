// libavcodec for Swift.
#pragma once
// One owner for each shared header: else Swift meets the same enumerators in several modules and finds some in none.
#pragma clang module import CAVUtil
#include <libavcodec/avcodec.h>
#include <libavcodec/codec_desc.h>

// libavcodec 59 calls get_buffer2 on the caller's thread unless told that it is thread-safe; the field is deprecated
// because libavcodec 60 takes that for granted.
static inline void sluice_thread_safe_callbacks(AVCodecContext *c) {
#if LIBAVCODEC_VERSION_MAJOR < 60
_Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wdeprecated-declarations\"")
  c->thread_safe_callbacks = 1;
_Pragma("GCC diagnostic pop")
#else
  (void)c;
#endif
}
