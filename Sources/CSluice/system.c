#define _GNU_SOURCE
#include "CSluice.h"
#include <sys/epoll.h>
#include <linux/memfd.h>
#include <malloc.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/syscall.h>

void sluice_thread_name(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

void sluice_lean_malloc(void) {
  mallopt(M_MMAP_THRESHOLD, 256 << 10);  // fixed: else it grows to 32 MiB with the first large block that is freed
  mallopt(M_TRIM_THRESHOLD, 512 << 10);
  mallopt(M_ARENA_MAX, 2);
}

void sluice_trim_memory(void) { malloc_trim(0); }

uint64_t sluice_random(void) {
  uint64_t value = 0;
  while (getrandom(&value, sizeof value, 0) != sizeof value) {
  }
  return value;
}

int sluice_reopen_readonly(int fd) {
  char path[40];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  return open(path, O_RDONLY | O_CLOEXEC);
}

int sluice_temporary_file(const char *directory, mode_t mode) {
  return open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, mode);
}

int sluice_link_file(int fd, const char *path) {
  char self[40];
  snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
  return linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW);
}

void sluice_open_standard(void) {
  // In the direction in which nobody uses them: to use one is an error, as it would be if it were closed.
  for (int fd = 0; fd < 3; fd++)
    if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd) _exit(71);
}

bool sluice_is_writable(int fd) {
  int flags = fcntl(fd, F_GETFL);
  return flags >= 0 && (flags & O_ACCMODE) != O_RDONLY;
}

int sluice_pair(int fds[2]) { return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds); }
int sluice_pipe(int fds[2]) { return pipe2(fds, O_CLOEXEC); }

static uint64_t cpu(int who) {
  struct rusage usage;
  getrusage(who, &usage);
  return ((uint64_t)usage.ru_utime.tv_sec + (uint64_t)usage.ru_stime.tv_sec) * 1000000000ull +
         ((uint64_t)usage.ru_utime.tv_usec + (uint64_t)usage.ru_stime.tv_usec) * 1000ull;
}
uint64_t sluice_cpu_self(void) { return cpu(RUSAGE_SELF); }
uint64_t sluice_cpu_children(void) { return cpu(RUSAGE_CHILDREN); }

void sluice_raise_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max > 65536 ? 65536 : limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int sluice_pidfd_open(pid_t pid) {
  int fd = (int)syscall(SYS_pidfd_open, pid, 0);
  if (fd >= 0) fcntl(fd, F_SETFD, FD_CLOEXEC);
  return fd;
}

int sluice_pidfd_signal(int pidfd, int signal) { return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0); }

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8u  // Linux 6.3
#endif
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010  // Linux 5.1
#endif

int sluice_memfd(const char *name) {
  int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
  if (fd < 0 && errno == EINVAL) fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  return fd;
}

int sluice_shared_memory(uint64_t bytes, uint64_t reserved) {
  int fd = sluice_memfd("sluice");
  if (fd < 0) return -1;
  int e = fchmod(fd, 0600) != 0 || ftruncate(fd, (off_t)bytes) != 0 ? errno : 0;
  if (e == 0 && reserved > 0) e = posix_fallocate(fd, 0, (off_t)reserved);
  // Not yet F_SEAL_SEAL: sluice_seal adds to it.
  if (e == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) != 0) e = errno;
  if (e == 0) return fd;
  close(fd);
  errno = e;
  return -1;
}

int sluice_seal(int fd, bool writes) { return fcntl(fd, F_ADD_SEALS, (writes ? F_SEAL_FUTURE_WRITE : 0) | F_SEAL_SEAL); }

static const int ending_signals[] = {SIGINT, SIGTERM, SIGHUP};
static const size_t ending_count = sizeof ending_signals / sizeof *ending_signals;

static bool is_ignored(int signal) {
  struct sigaction now;
  return sigaction(signal, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

int sluice_spawn(const char *path, char *const argv[], char *const envp[], const int *fds, const int *targets,
                 int count, bool new_group, pid_t *pid) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  int e = posix_spawn_file_actions_init(&actions);
  if (e) return e;
  e = posix_spawnattr_init(&attributes);
  if (e) {
    posix_spawn_file_actions_destroy(&actions);
    return e;
  }
  // Two passes through numbers out of the way, so that no target overwrites a source still to come.
  int highest = 2;
  for (int i = 0; i < count; i++) {
    if (targets[i] > highest) highest = targets[i];
    if (!e) e = posix_spawn_file_actions_adddup2(&actions, fds[i], 500 + i);
  }
  for (int i = 0; i < count && !e; i++) e = posix_spawn_file_actions_adddup2(&actions, 500 + i, targets[i]);
  if (!e) e = posix_spawn_file_actions_addclosefrom_np(&actions, highest + 1);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  // What nohup ignores stays ignored.
  for (size_t i = 0; i < ending_count; i++)
    if (is_ignored(ending_signals[i])) sigdelset(&all, ending_signals[i]);
  short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
  if (new_group) flags |= POSIX_SPAWN_SETPGROUP;
  if (!e) e = posix_spawnattr_setsigmask(&attributes, &none);
  if (!e) e = posix_spawnattr_setsigdefault(&attributes, &all);
  if (!e) e = posix_spawnattr_setflags(&attributes, flags);
  if (!e) e = posix_spawn(pid, path, &actions, &attributes, argv, envp);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return e;
}

ssize_t sluice_send_fd(int socket, const void *data, size_t bytes, int fd) {
  struct iovec part = {(void *)data, bytes};
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
  } control = {0};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  if (fd >= 0) {
    message.msg_control = control.space;
    message.msg_controllen = sizeof control.space;
    struct cmsghdr *c = CMSG_FIRSTHDR(&message);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(c), &fd, sizeof fd);
  }
  ssize_t n;
  do n = sendmsg(socket, &message, MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  return n;
}

ssize_t sluice_receive_fd(int socket, void *data, size_t bytes, int *fd) {
  struct iovec part = {data, bytes};
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
  } control;
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space};
  *fd = -1;
  ssize_t n;
  do n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  while (n < 0 && errno == EINTR);
  if (n <= 0) return n;
  // More than one may have come, if only because the space is rounded up; what came is ours to close. Nor is a longer packet right.
  bool wrong = message.msg_flags & (MSG_CTRUNC | MSG_TRUNC);
  for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) continue;
    for (size_t at = 0; CMSG_LEN(at + sizeof(int)) <= c->cmsg_len; at += sizeof(int)) {
      int received;
      memcpy(&received, CMSG_DATA(c) + at, sizeof received);
      if (*fd < 0) {
        *fd = received;
      } else {
        close(received);
        wrong = true;
      }
    }
  }
  if (!wrong) return n;
  if (*fd >= 0) close(*fd);
  *fd = -1;
  errno = EPROTO;
  return -1;
}

int sluice_peer(int socket, pid_t *pid, uid_t *uid) {
  struct ucred peer;
  socklen_t length = sizeof peer;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return -1;
  *pid = peer.pid;
  *uid = peer.uid;
  return 0;
}

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

int sluice_peer_pidfd(int socket) {
  int fd = -1;
  socklen_t length = sizeof fd;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERPIDFD, &fd, &length) == 0) {
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    return fd;
  }
  if (errno != ENOPROTOOPT) {
    if (errno == EINVAL || errno == ENODATA) errno = ESRCH;
    return -1;
  }
  struct ucred peer;
  length = sizeof peer;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return -1;
  fd = sluice_pidfd_open(peer.pid);
  // Its number may be another's by now, unless the connection is still open: then the pidfd was opened while it lived.
  struct pollfd state = {.fd = socket, .events = 0};
  if (fd >= 0 && poll(&state, 1, 0) > 0 && (state.revents & (POLLHUP | POLLERR))) {
    close(fd);
    errno = ESRCH;
    return -1;
  }
  return fd;
}

static int unix_socket(const char *path, struct sockaddr_un *address, int type) {
  if (strlen(path) >= sizeof address->sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  strcpy(address->sun_path, path);
  return socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
}

static int listen_at(const char *path, int type) {
  struct sockaddr_un address;
  int fd = unix_socket(path, &address, type);
  if (fd < 0) return -1;
  if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || chmod(path, 0600) != 0 || listen(fd, 64) != 0) {
    int e = errno;
    close(fd);
    errno = e;
    return -1;
  }
  return fd;
}

int sluice_listen(const char *path) { return listen_at(path, SOCK_SEQPACKET); }
int sluice_listen_stream(const char *path) { return listen_at(path, SOCK_STREAM | SOCK_NONBLOCK); }

int sluice_accept(int fd) {
  int peer;
  do peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
  while (peer < 0 && errno == EINTR);
  return peer;
}

static int connect_to(const char *path, int type) {
  struct sockaddr_un address;
  int fd = unix_socket(path, &address, type);
  if (fd < 0) return -1;
  if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
    int e = errno;
    close(fd);
    errno = e;
    return -1;
  }
  return fd;
}

int sluice_connect(const char *path) { return connect_to(path, SOCK_SEQPACKET); }
int sluice_connect_stream(const char *path) { return connect_to(path, SOCK_STREAM | SOCK_NONBLOCK); }

static void say_interrupted(int signal) {
  (void)signal;
  static const char text[] = "sluice: interrupted\n";
  ssize_t said = write(2, text, sizeof text - 1);
  (void)said;
  _exit(130);
}

void sluice_end_on_signals(void) {
  struct sigaction action = {.sa_handler = say_interrupted};
  for (size_t i = 0; i < ending_count; i++)
    if (!is_ignored(ending_signals[i])) sigaction(ending_signals[i], &action, NULL);
}

int sluice_signals(void) {
  sigset_t set;
  sigemptyset(&set);
  for (size_t i = 0; i < ending_count; i++)
    if (!is_ignored(ending_signals[i])) sigaddset(&set, ending_signals[i]);
  if (sigprocmask(SIG_BLOCK, &set, NULL) != 0) return -1;
  signal(SIGPIPE, SIG_IGN);
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int sluice_read_signal(int fd) {
  struct signalfd_siginfo info;
  ssize_t n;
  do n = read(fd, &info, sizeof info);
  while (n < 0 && errno == EINTR);
  return n == sizeof info ? (int)info.ssi_signo : 0;
}

int sluice_copy_file(int source, int target, int64_t bytes) {
  off_t from = 0, to = 0;
  while (from < bytes) {
    ssize_t n = copy_file_range(source, &from, target, &to, (size_t)(bytes - from), 0);
    if (n > 0 || (n < 0 && errno == EINTR)) continue;
    if (n == 0) errno = EIO;  // it became shorter
    return -1;
  }
  return 0;
}

int sluice_epoll(void) { return epoll_create1(EPOLL_CLOEXEC); }

int sluice_epoll_change(int set, int fd, bool in) {
  struct epoll_event event = {.events = EPOLLIN};
  return epoll_ctl(set, in ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, fd, &event);
}
