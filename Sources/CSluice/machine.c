// What the kernel offers.
#define _GNU_SOURCE
#include "CSluice.h"
#include <linux/landlock.h>
#include <sched.h>
#include <sys/syscall.h>

int sluice_landlock_version(void) {
  return (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

int sluice_usable_cores(void) {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : -1;
}
