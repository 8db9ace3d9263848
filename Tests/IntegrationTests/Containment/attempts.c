// Preloaded into the real workers by the tests: at the first call of a library that does their work, when they are
// contained, they try what they must not be able to do, and report into a file that was mapped before.
// With SLUICE_TEST_GARBAGE they write nonsense into their lease and their messages instead.
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static char *report;
static const size_t room = 1 << 16;
static atomic_flag tried = ATOMIC_FLAG_INIT;
static char folder[256], victim[300], secret[300];
static unsigned seed;

__attribute__((constructor)) static void prepare(void) {
  const char *directory = getenv("SLUICE_TEST_DIRECTORY");
  if (!directory || strncmp(program_invocation_short_name, "sluice-", 7) != 0) return;
  if (getenv("SLUICE_TEST_GARBAGE")) {
    if (strcmp(program_invocation_short_name, getenv("SLUICE_TEST_GARBAGE")) == 0) seed = (unsigned)getpid();
    return;
  }
  snprintf(folder, sizeof folder, "%s", directory);
  snprintf(secret, sizeof secret, "%s/secret", directory);
  snprintf(victim, sizeof victim, "%s/victim-%d", directory, getpid());
  close(open(victim, O_WRONLY | O_CREAT, 0600));
  char path[300];
  snprintf(path, sizeof path, "%s/report-%d", directory, getpid());
  int fd = open(path, O_RDWR | O_CREAT, 0600);
  if (fd < 0 || ftruncate(fd, (off_t)room) != 0) return;
  report = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (report == MAP_FAILED) report = NULL;
}

static void tell(const char *name, long result) {
  int e = result < 0 ? errno : 0;
  size_t used = strlen(report);
  snprintf(report + used, room - used - 1, "%s %d\n", name, e);
}
#define TRY(name, call) (errno = 0, tell(name, (long)(call)))

static void try_everything(void) {
  if (!report || atomic_flag_test_and_set(&tried)) return;
  const int parent = getppid();
  char other[320];
  snprintf(other, sizeof other, "%s-2", victim);
  snprintf(report, room, "program %s%s 0\n", program_invocation_short_name, getenv("SLUICE_SOCKET") ? "" : "-alone");

  TRY("read-a-file", syscall(SYS_openat, AT_FDCWD, secret, O_RDONLY));
  TRY("read-passwd", syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY));
  TRY("list-a-folder", syscall(SYS_openat, AT_FDCWD, folder, O_RDONLY | O_DIRECTORY));
  TRY("list-root", syscall(SYS_openat, AT_FDCWD, "/", O_RDONLY | O_DIRECTORY));
  TRY("create", syscall(SYS_openat, AT_FDCWD, other, O_WRONLY | O_CREAT, 0600));
  unlink(other);
  TRY("write-a-file", syscall(SYS_openat, AT_FDCWD, secret, O_WRONLY));
  TRY("write-null", syscall(SYS_openat, AT_FDCWD, "/dev/null", O_WRONLY));
  TRY("nameless-file", syscall(SYS_openat, AT_FDCWD, folder, O_RDWR | O_TMPFILE, 0600));
  TRY("openat2", syscall(SYS_openat2, AT_FDCWD, secret, (uint64_t[3]){O_RDONLY, 0, 0}, 24));
  TRY("truncate", syscall(SYS_truncate, victim, 0));
  TRY("chmod", syscall(SYS_fchmodat, AT_FDCWD, victim, 0644));
  TRY("link", syscall(SYS_linkat, AT_FDCWD, victim, AT_FDCWD, other, 0));
  unlink(other);
  TRY("symlink", syscall(SYS_symlinkat, "x", AT_FDCWD, other));
  unlink(other);
  TRY("rename", syscall(SYS_renameat, AT_FDCWD, victim, AT_FDCWD, other));
  rename(other, victim);
  TRY("mkdir", syscall(SYS_mkdirat, AT_FDCWD, other, 0700));
  rmdir(other);
  TRY("mkfifo", syscall(SYS_mknodat, AT_FDCWD, other, S_IFIFO | 0600, 0));
  unlink(other);
  TRY("unlink", syscall(SYS_unlinkat, AT_FDCWD, victim, 0));
  TRY("chdir", syscall(SYS_chdir, "/"));

  TRY("socket-unix", syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0));
  TRY("socket-inet", syscall(SYS_socket, AF_INET, SOCK_STREAM, 0));
  TRY("socket-netlink", syscall(SYS_socket, AF_NETLINK, SOCK_RAW, 0));
  int pair[2];
  TRY("socketpair", syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, pair));
  TRY("connect", syscall(SYS_connect, -1, NULL, 0));
  TRY("bind", syscall(SYS_bind, -1, NULL, 0));
  TRY("listen", syscall(SYS_listen, -1, 1));
  TRY("accept", syscall(SYS_accept4, -1, NULL, NULL, 0));

  TRY("exec", syscall(SYS_execve, "/nowhere", NULL, NULL));
  TRY("execveat", syscall(SYS_execveat, AT_FDCWD, "/nowhere", NULL, NULL, 0));
  long child = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
  if (child == 0) syscall(SYS_exit_group, 0);
  tell("fork", child);
  TRY("clone3", syscall(SYS_clone3, NULL, 0));
  TRY("unshare", syscall(SYS_unshare, 0));
  TRY("setns", syscall(SYS_setns, -1, 0));

  TRY("kill", syscall(SYS_kill, parent, 0));
  TRY("tgkill", syscall(SYS_tgkill, parent, parent, 0));
  TRY("pidfd", syscall(SYS_pidfd_open, parent, 0));
  TRY("ptrace", syscall(SYS_ptrace, PTRACE_DETACH, parent, 0, 0));
  struct iovec none = {0};
  TRY("process-vm-read", syscall(SYS_process_vm_readv, parent, &none, 1, &none, 1, 0));
  TRY("process-vm-write", syscall(SYS_process_vm_writev, parent, &none, 1, &none, 1, 0));
  TRY("set-owner", syscall(SYS_fcntl, 2, F_SETOWN, 0));
  TRY("type-for-the-user", syscall(SYS_ioctl, -1, TIOCSTI, "x"));

  struct rlimit limit = {0};
  getrlimit(RLIMIT_NOFILE, &limit);
  TRY("set-limit", syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &limit, NULL));
  TRY("ftruncate", syscall(SYS_ftruncate, -1, 0));
  TRY("fallocate", syscall(SYS_fallocate, -1, 0, 0, 1));
  TRY("memfd", syscall(SYS_memfd_create, "x", 0));
  TRY("shared-memory", syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  TRY("keyctl", syscall(SYS_keyctl, -1, 0, 0, 0, 0));
  TRY("io-uring", syscall(SYS_io_uring_setup, 1, NULL));
  TRY("root: mount", syscall(SYS_mount, NULL, "/nowhere", NULL, 0, NULL));
  TRY("root: chroot", syscall(SYS_chroot, "/nowhere"));
  TRY("root: bpf", syscall(SYS_bpf, -1, NULL, 0));
  TRY("root: perf", syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0));
  TRY("root: userfaultfd", syscall(SYS_userfaultfd, -1));
  TRY("root: setuid", syscall(SYS_setuid, getuid()));

  // The user's terminal, or the user's log from its beginning.
  const char *containment = getenv("SLUICE_CONTAINMENT");
  for (int fd = 0; fd < 3 && containment && strcmp(containment, "full") == 0; fd++) {
    struct stat status;
    if (getenv("SLUICE_SOCKET") == NULL && fd != 2) continue;  // probing answers there
    syscall(SYS_write, fd, "\033]0;not said\a\n", 14);
    syscall(SYS_pwrite64, fd, "not said\n", 9, 0);
    errno = fstat(fd, &status) == 0 && S_ISCHR(status.st_mode) ? EACCES : 0;
    tell("standard-stream", -1);
  }

  // What stays so without containment: regions keep their size.
  if (getenv("SLUICE_SOCKET") && strcmp(program_invocation_short_name, "sluice-encoder") != 0)
    for (int fd = 3; fd < 64; fd++) {
      struct stat status;
      if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_nlink != 0 || status.st_size == 0) continue;
      int flags = fcntl(fd, F_GETFL);
      if ((flags & O_ACCMODE) == O_RDONLY) continue;
      TRY("sealed: shrink", syscall(SYS_ftruncate, fd, 0));
      TRY("sealed: grow", syscall(SYS_ftruncate, fd, status.st_size + 4096));
    }
  strcat(report, "end 0\n");
}

#define AT_FIRST(result, name, parameters, arguments)                \
  result name parameters {                                           \
    try_everything();                                                \
    result(*real) parameters = (result(*) parameters)dlsym(RTLD_NEXT, #name); \
    return real arguments;                                           \
  }
AT_FIRST(int, avformat_open_input, (void *a, const char *b, void *c, void *d), (a, b, c, d))
AT_FIRST(int, avformat_write_header, (void *a, void *b), (a, b))
AT_FIRST(int, avcodec_open2, (void *a, void *b, void *c), (a, b, c))
AT_FIRST(void *, zimg_filter_graph_build, (void *a, void *b, void *c), (a, b, c))

// Garbage.

static volatile uint64_t *lease;
static size_t lease_words;

static unsigned noise(void) { return seed = seed * 1664525u + 1013904223u; }

void *mmap(void *at, size_t bytes, int protection, int flags, int fd, off_t offset) {
  void *p = (void *)syscall(SYS_mmap, at, bytes, protection, flags, fd, offset);
  // The lease is the first shared mapping that may be written; slots are far larger.
  if (seed && p != MAP_FAILED && flags & MAP_SHARED && protection & PROT_WRITE && bytes < 1 << 17 && !lease) {
    lease = p;
    lease_words = bytes / 8;
  }
  return p;
}

int zmq_send(void *socket, const void *data, size_t bytes, int flags) {
  static int (*real)(void *, const void *, size_t, int);
  static int count;
  if (!real) real = (int (*)(void *, const void *, size_t, int))dlsym(RTLD_NEXT, "zmq_send");
  // The first says READY.
  if (!seed || count++ < 3 || noise() >> 30) return real(socket, data, bytes, flags);
  for (int i = 0; lease && i < 200; i++) {
    uint64_t word = (uint64_t)noise() << 32 | noise();
    lease[noise() % lease_words] = noise() >> 30 ? word : UINT64_MAX;
  }
  unsigned char wrong[256 * 64];
  if (bytes > sizeof wrong) bytes = sizeof wrong;
  memcpy(wrong, data, bytes);
  for (size_t at = 0; at < bytes; at += 64)
    for (int i = 0; i < 3; i++) {
      size_t field = at + noise() % 8 * 8;
      uint64_t extremes[] = {0, UINT64_MAX, INT64_MAX, (uint64_t)INT64_MIN, 1, noise()};
      if (field % 64 == 0) continue;  // its type stays, so that it is looked into
      memcpy(wrong + field, &extremes[noise() % 6], 8);
    }
  return real(socket, wrong, bytes, flags);
}
