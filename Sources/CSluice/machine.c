// What the kernel offers.
#define _GNU_SOURCE
#include "CSluice.h"
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>

int sluice_usable_cores(void) {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : -1;
}

void sluice_limit_memory(int pid, uint64_t bytes) {
  struct rlimit limit;
  if (sluice_is_sanitized()) return;
  if (prlimit(pid, RLIMIT_DATA, NULL, &limit) != 0) return;
  if (limit.rlim_max == RLIM_INFINITY || bytes < limit.rlim_max) limit.rlim_cur = limit.rlim_max = bytes;
  prlimit(pid, RLIMIT_DATA, &limit, NULL);
}

void sluice_limit_core(int pid) {
  struct rlimit none = {0, 0};
  prlimit(pid, RLIMIT_CORE, &none, NULL);
}

void sluice_limit_cores(int pid, int first, int count) {
  cpu_set_t ours, theirs;
  if (sched_getaffinity(0, sizeof ours, &ours) != 0) return;
  int total = CPU_COUNT(&ours);
  if (total == 0 || count >= total) return;
  CPU_ZERO(&theirs);
  for (int taken = 0; taken < count; taken++) {
    int wanted = (first + taken) % total;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
      if (CPU_ISSET(cpu, &ours) && wanted-- == 0) {
        CPU_SET(cpu, &theirs);
        break;
      }
  }
  sched_setaffinity(pid, sizeof theirs, &theirs);
}

static bool is_left(size_t some) {
  int e = errno;
  void *p = mmap(NULL, some, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p != MAP_FAILED) munmap(p, some);
  errno = e;
  return p != MAP_FAILED;
}

bool sluice_memory_is_short(void) { return !is_left(16 << 20); }

static int short_status;
static void crashed(int number) {
  (void)number;
  // With SA_RESETHAND: a crash for another reason happens once more, and ends the process as it would have. Whoever crashes with
  // the last eighth of its memory left has most likely asked for more. The limit may have come after `sluice_tell_short_memory`.
  struct rlimit limit;
  if (getrlimit(RLIMIT_DATA, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return;
  if (errno == ENOMEM || sluice_memory_is_short() || !is_left(limit.rlim_cur / 8)) _exit(short_status);
}

void sluice_tell_short_memory(int status) {
  if (sluice_is_sanitized()) return;
  short_status = status;
  struct sigaction action = {.sa_handler = crashed, .sa_flags = (int)SA_RESETHAND};
  const int signals[] = {SIGABRT, SIGILL, SIGTRAP, SIGSEGV, SIGBUS};
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) sigaction(signals[i], &action, NULL);
}
