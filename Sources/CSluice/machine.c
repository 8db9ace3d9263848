// What the kernel offers.
#define _GNU_SOURCE
#include "CSluice.h"
#include <sched.h>

int sluice_usable_cores(void) {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : -1;
}
