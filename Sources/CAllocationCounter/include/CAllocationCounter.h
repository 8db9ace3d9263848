// Counts the calls of malloc and its kin, one counter a thread. A program that links this target has its allocator hooked: the functions
// are defined here and call glibc's own. Only for programs that show the count: tests, benchmarks, the audio worker.
#pragma once
#include <stdbool.h>
#include <stdint.h>

/// Allocations (malloc, calloc, realloc, posix_memalign, aligned_alloc, memalign) of the calling thread so far.
uint64_t sluice_allocation_count(void);
/// Whether they are counted: false on other C libraries, and where a sanitizer has the allocator.
bool sluice_allocations_are_counted(void);
