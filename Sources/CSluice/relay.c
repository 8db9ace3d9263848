#define _GNU_SOURCE
#include "CSluice.h"

// Pipes and devices that splice(2) does not know (O_APPEND, some terminals) are copied to.
static ssize_t copy(int from, int to, size_t bytes) {
  char buffer[1 << 16];
  ssize_t n;
  do n = read(from, buffer, bytes < sizeof buffer ? bytes : sizeof buffer);
  while (n < 0 && errno == EINTR);
  for (ssize_t done = 0; done < n;) {
    ssize_t w = write(to, buffer + done, (size_t)(n - done));
    if (w < 0 && errno == EAGAIN) {
      struct pollfd wait = {.fd = to, .events = POLLOUT};
      poll(&wait, 1, -1);
      continue;
    }
    if (w < 0 && errno != EINTR) return -1;
    if (w > 0) done += w;
  }
  return n;
}

ssize_t sluice_move(int from, int to, size_t bytes) {
  while (true) {
    ssize_t n = splice(from, NULL, to, NULL, bytes, SPLICE_F_MOVE);
    if (n >= 0) return n;
    if (errno == EINTR) continue;
    if (errno == EAGAIN) {
      struct pollfd wait = {.fd = to, .events = POLLOUT};
      poll(&wait, 1, -1);
      continue;
    }
    if (errno == EINVAL) return copy(from, to, bytes);
    return -1;
  }
}

void sluice_enlarge_pipe(int fd, int bytes) { fcntl(fd, F_SETPIPE_SZ, bytes); }
