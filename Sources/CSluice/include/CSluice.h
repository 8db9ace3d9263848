// C that Swift cannot say: atomics on mapped memory, spawn with descriptors, descriptor passing, Linux system calls.
#pragma once
#include "../../../ipc-schema/sluice_ipc.h"
#include "../../../ipc-schema/sluice_plan.h"
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timerfd.h>
#include <sys/types.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// Atomics. The only way to touch a word that another process reads or writes; Swift does not see _Atomic fields.
static inline uint64_t sluice_load_acquire64(const volatile uint64_t *p) { return __atomic_load_n(p, __ATOMIC_ACQUIRE); }
static inline void sluice_store_release64(volatile uint64_t *p, uint64_t v) { __atomic_store_n(p, v, __ATOMIC_RELEASE); }
static inline uint32_t sluice_load_acquire32(const volatile uint32_t *p) { return __atomic_load_n(p, __ATOMIC_ACQUIRE); }
static inline void sluice_store_release32(volatile uint32_t *p, uint32_t v) { __atomic_store_n(p, v, __ATOMIC_RELEASE); }
// For counters that several threads of one worker raise in its own lease.
static inline void sluice_add_relaxed64(volatile uint64_t *p, uint64_t v) { __atomic_fetch_add(p, v, __ATOMIC_RELAXED); }

static inline int sluice_errno(void) { return errno; }
static inline void sluice_set_errno(int e) { errno = e; }

/// Monotonic clock in nanoseconds.
static inline uint64_t sluice_now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

// open(2), fcntl(2) and ioctl(2) are variadic.
static inline int sluice_open(const char *path, int flags, mode_t mode) { return open(path, flags, mode); }
static inline int sluice_set_cloexec(int fd, bool on) { return fcntl(fd, F_SETFD, on ? FD_CLOEXEC : 0); }
static inline int sluice_set_nonblocking(int fd) { return fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

/// wait(2) status macros.
static inline bool sluice_exited(int s) { return WIFEXITED(s); }
static inline int sluice_exit_status(int s) { return WEXITSTATUS(s); }
static inline int sluice_term_signal(int s) { return WTERMSIG(s); }

int sluice_pidfd_open(pid_t pid);
int sluice_pidfd_signal(int pidfd, int signal);
int sluice_memfd(const char *name);

/// A POSIX shared-memory object of `bytes`, reserved (no holes), already unlinked. -1 and errno; ENOSPC when too small.
int sluice_shared_memory(uint64_t bytes);

/// Starts `path` with argv and envp. `fds[i]` becomes descriptor `targets[i]` of the child; every other descriptor
/// above 2 is closed there. Signals are reset, the child gets its own process group when `new_group`.
/// Returns 0 and the pid, or an errno.
int sluice_spawn(const char *path, char *const argv[], char *const envp[], const int *fds, const int *targets,
                 int count, bool new_group, pid_t *pid);

/// One SEQPACKET packet with at most one descriptor (fd -1: none). Bytes sent or received, -1 and errno, 0 at end.
ssize_t sluice_send_fd(int socket, const void *data, size_t bytes, int fd);
ssize_t sluice_receive_fd(int socket, void *data, size_t bytes, int *fd);

/// Pid and uid of the peer of a unix socket.
int sluice_peer(int socket, pid_t *pid, uid_t *uid);

/// SEQPACKET unix sockets by path. Descriptor, or -1 and errno.
int sluice_listen(const char *path);
int sluice_accept(int fd);
int sluice_connect(const char *path);

/// A signalfd for SIGINT, SIGTERM, SIGHUP (which are then blocked), SIGPIPE ignored.
int sluice_signals(void);
int sluice_read_signal(int fd);

// The command line.

/// What one step of getopt_long(3) left in its globals, which Swift cannot read under strict concurrency.
typedef struct sluice_option_step {
  int code;              // getopt_long's result; -1 at the end
  int which;             // index into `longs`, or -1 for a short option
  int next;              // optind
  int unknown;           // optopt
  const char *argument;  // optarg
} sluice_option_step;

/// One step; `restart` before the first. getopt is not thread-safe: the caller holds a lock from first step to last.
static inline sluice_option_step sluice_option_next(int argc, char *const argv[], const char *shorts,
                                                    const struct option *longs, bool restart) {
  if (restart) optind = 0;
  opterr = 0;
  optarg = NULL;
  optopt = 0;
  sluice_option_step step = {.which = -1};
  step.code = getopt_long(argc, argv, shorts, longs, &step.which);
  step.next = optind;
  step.unknown = optopt;
  step.argument = optarg;
  return step;
}

/// Columns of the terminal at `fd`; 0 when it is none or does not say. ioctl(2) is variadic.
static inline int sluice_terminal_columns(int fd) {
  struct winsize size;
  return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/// Version of the kernel's Landlock; -1 when it has none. syscall(2) is variadic.
int sluice_landlock_version(void);

/// Cores that this process may run on; -1 when it cannot be told.
int sluice_usable_cores(void);

/// environ(7) as it is now; Swift does not see a mutable global.
static inline char *const *sluice_current_environ(void) {
  extern char **environ;
  return environ;
}
