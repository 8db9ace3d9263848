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
#include <sys/mman.h>
#include <dirent.h>
#include <sys/ioctl.h>
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

/// mmap(2) of a whole shared object: NULL on failure (MAP_FAILED is a cast that Swift does not import).
static inline void *sluice_map(int fd, size_t bytes, bool writable) {
  void *p = mmap(NULL, bytes, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
  return p == MAP_FAILED ? NULL : p;
}

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

/// Name of the calling thread as ps and perf show it; 15 bytes at most.
void sluice_thread_name(const char *name);
/// Random bytes from the kernel.
uint64_t sluice_random(void);
/// Opens a descriptor of ours again, read-only: what is handed to a role that only reads.
int sluice_reopen_readonly(int fd);
/// A nameless file in `directory` (O_TMPFILE), and the call that gives it a name. -1 and errno.
int sluice_temporary_file(const char *directory, mode_t mode);
int sluice_link_file(int fd, const char *path);
/// A connected SEQPACKET pair, close-on-exec.
int sluice_pair(int fds[2]);
int sluice_pipe(int fds[2]);
/// CPU time in nanoseconds of this process, and of its ended children.
uint64_t sluice_cpu_self(void);
uint64_t sluice_cpu_children(void);
/// Raises the soft limit of open descriptors to the hard one.
void sluice_raise_descriptor_limit(void);

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
