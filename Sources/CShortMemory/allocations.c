#define _GNU_SOURCE
#include "CShortMemory.h"
#include <errno.h>
#include <features.h>
#include <stddef.h>
#include <sys/resource.h>
#include <unistd.h>

static int ending;

void sluice_watch_allocations(int status) { ending = status; }

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__GLIBC__) && !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer) && !__has_feature(memory_sanitizer)

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

void sluice_allocation_refused(size_t bytes);
void sluice_allocation_refused(size_t bytes) {
  struct rlimit limit;
  int e = errno;
  if (ending != 0 && getrlimit(RLIMIT_DATA, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && bytes <= limit.rlim_cur) _exit(ending);
  errno = e;
}

// Weak: a program that counts its allocations (CAllocationCounter) has its own.
#define HOOK __attribute__((weak))

HOOK void *malloc(size_t bytes) {
  void *p = __libc_malloc(bytes);
  if (__builtin_expect(!p, 0)) sluice_allocation_refused(bytes);
  return p;
}

HOOK void *calloc(size_t n, size_t bytes) {
  void *p = __libc_calloc(n, bytes);
  size_t all;
  if (__builtin_expect(!p, 0) && !__builtin_mul_overflow(n, bytes, &all)) sluice_allocation_refused(all);
  return p;
}

HOOK void *realloc(void *old, size_t bytes) {
  void *p = __libc_realloc(old, bytes);
  if (__builtin_expect(!p && bytes > 0, 0)) sluice_allocation_refused(bytes);
  return p;
}

HOOK void *memalign(size_t alignment, size_t bytes) {
  void *p = __libc_memalign(alignment, bytes);
  if (__builtin_expect(!p, 0)) sluice_allocation_refused(bytes);
  return p;
}

HOOK void *aligned_alloc(size_t alignment, size_t bytes) { return memalign(alignment, bytes); }

HOOK int posix_memalign(void **out, size_t alignment, size_t bytes) {
  if (alignment < sizeof(void *) || (alignment & (alignment - 1)) != 0) return EINVAL;
  void *p = memalign(alignment, bytes);
  if (!p) return ENOMEM;
  *out = p;
  return 0;
}

#endif
