#define _GNU_SOURCE
#include "CAllocationCounter.h"
#include <errno.h>
#include <features.h>
#include <stddef.h>

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__GLIBC__) && !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer) && !__has_feature(memory_sanitizer)

// Initial-exec: reading it must not allocate itself.
static __thread uint64_t count __attribute__((tls_model("initial-exec")));

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

// Where CShortMemory is linked too, it is told what there is no memory for: these hooks stand in front of its own.
extern void sluice_allocation_refused(size_t) __attribute__((weak));

static void *checked(void *p, size_t bytes) {
  if (__builtin_expect(!p && bytes > 0, 0) && sluice_allocation_refused) sluice_allocation_refused(bytes);
  return p;
}

void *malloc(size_t bytes) {
  count++;
  return checked(__libc_malloc(bytes), bytes);
}

void *calloc(size_t n, size_t bytes) {
  count++;
  return checked(__libc_calloc(n, bytes), n * bytes);
}

void *realloc(void *old, size_t bytes) {
  count++;
  return checked(__libc_realloc(old, bytes), bytes);
}

void *memalign(size_t alignment, size_t bytes) {
  count++;
  return checked(__libc_memalign(alignment, bytes), bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes) { return memalign(alignment, bytes); }

int posix_memalign(void **out, size_t alignment, size_t bytes) {
  if (alignment < sizeof(void *) || (alignment & (alignment - 1)) != 0) return EINVAL;
  void *p = memalign(alignment, bytes);
  if (!p) return ENOMEM;
  *out = p;
  return 0;
}

uint64_t sluice_allocation_count(void) { return count; }
bool sluice_allocations_are_counted(void) { return true; }

#else

uint64_t sluice_allocation_count(void) { return 0; }
bool sluice_allocations_are_counted(void) { return false; }

#endif
