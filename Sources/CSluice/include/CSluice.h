// C that Swift cannot say: atomics on mapped memory, spawn with descriptors, descriptor passing, Linux system calls.
#pragma once
#include "../../../ipc-schema/sluice_ipc.h"
#include "../../../ipc-schema/sluice_plan.h"
#include "sluice_confine.h"
#include "sluice_mix.h"
#include "sluice_store.h"
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

static inline void sluice_add_release32(volatile uint32_t *p, uint32_t v) { __atomic_fetch_add(p, v, __ATOMIC_RELEASE); }

static inline int sluice_errno(void) { return errno; }

/// Monotonic clock in nanoseconds.
static inline uint64_t sluice_now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

// open(2), fcntl(2) and ioctl(2) are variadic.
static inline int sluice_open(const char *path, int flags, mode_t mode) { return open(path, flags, mode); }
static inline int sluice_o_tmpfile(void) { return __O_TMPFILE & ~O_DIRECTORY; }  // folders may be read
static inline int sluice_o_path(void) { return __O_PATH; }
static inline int sluice_set_cloexec(int fd, bool on) { return fcntl(fd, F_SETFD, on ? FD_CLOEXEC : 0); }
static inline int sluice_set_nonblocking(int fd) { return fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK); }

/// wait(2) status macros.
static inline bool sluice_exited(int s) { return WIFEXITED(s); }
static inline int sluice_exit_status(int s) { return WEXITSTATUS(s); }
static inline int sluice_term_signal(int s) { return WTERMSIG(s); }

/// Name of the calling thread as ps and perf show it; 15 bytes at most.
void sluice_thread_name(const char *name);
/// Makes malloc give large blocks back to the system at once, and share its arenas among threads: a worker's memory is what
/// it uses now, not what it used at its busiest.
void sluice_lean_malloc(void);
/// Random bytes from the kernel.
uint64_t sluice_random(void);
/// Opens a descriptor of ours again, read-only: what is handed to a role that only reads.
int sluice_reopen_readonly(int fd);
/// A nameless file in `directory` (O_TMPFILE), and the call that gives it a name. -1 and errno.
int sluice_temporary_file(const char *directory, mode_t mode);
int sluice_link_file(int fd, const char *path);
/// Descriptors 0, 1 and 2 are open from now on, so that no other takes their numbers; one that was closed still cannot be
/// used. Called first by every program.
void sluice_open_standard(void);
bool sluice_is_writable(int fd);
/// A connected SEQPACKET pair, close-on-exec.
int sluice_pair(int fds[2]);
int sluice_pipe(int fds[2]);
/// Kill points of the tests (SluiceBase/KillPoint.swift). Armed before a worker starts its threads.
extern int sluice_kill_armed;
static inline bool sluice_kill_points_armed(void) { return __builtin_expect(sluice_kill_armed, 0); }
void sluice_arm_kill_points(int count);
/// True once, at the count-th call.
bool sluice_kill_point_is_due(void);

/// Moves up to `bytes` from a pipe to another descriptor, without a copy where the kernel can; waits for both. Bytes moved, 0 at
/// the end of the pipe, -1 and errno.
ssize_t sluice_move(int from, int to, size_t bytes);
void sluice_enlarge_pipe(int fd, int bytes);
/// CPU time in nanoseconds of this process, and of its ended children.
uint64_t sluice_cpu_self(void);
uint64_t sluice_cpu_children(void);
/// Raises the soft limit of open descriptors to the hard one.
void sluice_raise_descriptor_limit(void);

/// Scheduling priority of another process of ours.
static inline int sluice_set_nice(pid_t pid, int nice) { return setpriority(PRIO_PROCESS, (id_t)pid, nice); }

int sluice_pidfd_open(pid_t pid);
/// A set of descriptors that is readable when one of them is; puts one in, or takes it out.
int sluice_epoll(void);
int sluice_epoll_change(int set, int fd, bool in);
int sluice_pidfd_signal(int pidfd, int signal);
int sluice_memfd(const char *name);

/// Anonymous memory of `bytes`, 0600, the first `reserved` of them without holes, its size fixed for everybody.
/// -1 and errno.
int sluice_shared_memory(uint64_t bytes, uint64_t reserved);
/// Ends the sealing of what `sluice_shared_memory` gave; with `writes`, nobody can write it any more but through mappings
/// that are there. -1 and errno.
int sluice_seal(int fd, bool writes);

/// Starts `path` with argv and envp. `fds[i]` becomes descriptor `targets[i]` of the child; every other descriptor
/// above 2 is closed there. Signals are reset, the child gets its own process group when `new_group`.
/// Returns 0 and the pid, or an errno.
int sluice_spawn(const char *path, char *const argv[], char *const envp[], const int *fds, const int *targets,
                 int count, bool new_group, pid_t *pid);

/// One SEQPACKET packet with at most one descriptor (fd -1: none). Bytes sent or received, -1 and errno, 0 at end. A packet
/// with more descriptors is an error, EPROTO; they are closed.
ssize_t sluice_send_fd(int socket, const void *data, size_t bytes, int fd);
ssize_t sluice_receive_fd(int socket, void *data, size_t bytes, int *fd);

/// Pid and uid of the peer of a unix socket.
int sluice_peer(int socket, pid_t *pid, uid_t *uid);
/// A pidfd of the process that connected (or that listens, asked from the other side): SO_PEERPIDFD, before Linux 6.5
/// pidfd_open of its pid. -1 and errno; ESRCH when it has ended already.
int sluice_peer_pidfd(int socket);

/// SEQPACKET unix sockets by path. Descriptor, or -1 and errno.
int sluice_listen(const char *path);
int sluice_accept(int fd);
int sluice_connect(const char *path);
/// STREAM unix sockets by path, non-blocking; `sluice_accept` takes their connections too.
int sluice_listen_stream(const char *path);
int sluice_connect_stream(const char *path);

/// Gives memory that is free back to the system.
void sluice_trim_memory(void);

/// Copies `bytes` from the start of a file to that of another, in the kernel. 0, or -1 and errno.
int sluice_copy_file(int source, int target, int64_t bytes);

/// A closed pipe is an error of write(2), not the end of the process (SIG_IGN is a cast that Swift does not import).
static inline void sluice_ignore_broken_pipes(void) { signal(SIGPIPE, SIG_IGN); }

/// SIGINT, SIGTERM and SIGHUP end the program with a line and status 130, while there is nothing to clean up. Those that are
/// ignored (nohup) stay so, here and in `sluice_signals`.
void sluice_end_on_signals(void);
/// A signalfd for SIGINT, SIGTERM, SIGHUP (which are then blocked), SIGPIPE ignored.
int sluice_signals(void);
int sluice_read_signal(int fd);

// Blending kernels (blend.c). Weights are 0...65535; buffers must not overlap.

/// dst = round((src * w + dst * (65535 - w)) / 65535) with one weight for all samples, or one each.
void sluice_blend8(uint8_t *dst, const uint8_t *src, size_t n, uint16_t w);
void sluice_blend16(uint16_t *dst, const uint16_t *src, size_t n, uint16_t w);
void sluice_blend_weighted8(uint8_t *dst, const uint8_t *src, const uint16_t *w, size_t n);
void sluice_blend_weighted16(uint16_t *dst, const uint16_t *src, const uint16_t *w, size_t n);
/// Weights from alpha samples (0...255, or 0...max) times `weight`.
void sluice_weights8(uint16_t *out, const uint8_t *alpha, size_t n, uint16_t weight);
void sluice_weights16(uint16_t *out, const uint16_t *alpha, size_t n, uint32_t max, uint16_t weight);

/// Which full-resolution samples make up a subsampled chroma sample.
typedef struct sluice_chroma_cell {
  int log2_width;  ///< samples of a cell in a row
  int rows;        ///< rows of a cell that count
  int first;       ///< column of the first cell's first sample
  int low, high;   ///< columns that count: low ..< high
  bool sited_left; ///< 1 2 1 around the left column, instead of the cell's mean
  uint32_t max;    ///< alpha's largest value
} sluice_chroma_cell;
/// Blends full-resolution chroma `c` with alpha `a` (both with `stride` samples a row) into subsampled `dst`, each
/// sample of a cell weighted by its own alpha.
void sluice_blend_chroma8(uint8_t *dst, size_t n, const uint8_t *c, const uint8_t *a, ptrdiff_t stride,
                          const sluice_chroma_cell *cell, uint16_t weight);
void sluice_blend_chroma16(uint16_t *dst, size_t n, const uint16_t *c, const uint16_t *a, ptrdiff_t stride,
                           const sluice_chroma_cell *cell, uint16_t weight);
void sluice_fill16(uint16_t *dst, size_t n, uint16_t value);

/// dst(x, y) = src[x * step_x + y * step_y], steps in bytes and of either sign: copies, mirrors, transposes.
void sluice_orient(void *dst, ptrdiff_t stride, int width, int height, const void *src, ptrdiff_t step_x, ptrdiff_t step_y,
                   int sample_bytes);
/// Repeats the edge of the filled part x0 ..< x1, y0 ..< y1 over the rest of a plane.
void sluice_extend(void *plane, ptrdiff_t stride, int width, int height, int x0, int x1, int y0, int y1, int sample_bytes);
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

/// Cores that this process may run on; -1 when it cannot be told.
int sluice_usable_cores(void);

/// environ(7) as it is now; Swift does not see a mutable global.
static inline char *const *sluice_current_environ(void) {
  extern char **environ;
  return environ;
}
