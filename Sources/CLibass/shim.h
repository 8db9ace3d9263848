// libass for Swift.
#pragma once
#include <ass/ass.h>
#include <stdarg.h>

// Without a callback libass writes to stderr; a variadic one cannot be written in Swift.
static inline void sluice_ass_discard(int level, const char *format, va_list arguments, void *data) {
  (void)level, (void)format, (void)arguments, (void)data;
}
static inline void sluice_ass_silence(ASS_Library *library) { ass_set_message_cb(library, sluice_ass_discard, 0); }
