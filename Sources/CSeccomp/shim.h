// libseccomp for Swift. Macros that Swift cannot import get a static inline here.
#pragma once
#include <seccomp.h>

static inline uint32_t sluice_scmp_allow(void) { return SCMP_ACT_ALLOW; }
static inline uint32_t sluice_scmp_errno(int e) { return SCMP_ACT_ERRNO((uint32_t)e); }  // macro with an argument
static inline int sluice_scmp_unknown(void) { return __NR_SCMP_ERROR; }
