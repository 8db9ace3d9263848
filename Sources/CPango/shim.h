// Pango on Cairo for Swift.
#pragma once
#include <fontconfig/fontconfig.h>
#include <pango/pangocairo.h>

/// Whether the first letter with a direction runs from right to left. (Deprecated since Pango 1.44 without a successor for
/// those who lay paragraphs out themselves.)
static inline int sluice_is_right_to_left(const char *text) {
_Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wdeprecated-declarations\"")
  PangoDirection direction = pango_find_base_dir(text, -1);
_Pragma("GCC diagnostic pop")
  return direction == PANGO_DIRECTION_RTL;
}
