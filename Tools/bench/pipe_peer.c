/* Hands frames from one process to the next through a pipe, for comparison with shared memory.
 * pipe_peer BYTES COUNT prints {"p50Microseconds":…,"p99Microseconds":…,"perSecond":…}: latencies one frame at a time (the
 * next starts when the last was acknowledged), then the rate of COUNT frames without waiting. The receiver reads each frame
 * whole. The pipe is as large as the system lets it be. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void whole(int fd, char *bytes, size_t count, int writing) {
  while (count > 0) {
    ssize_t done = writing ? write(fd, bytes, count) : read(fd, bytes, count);
    if (done <= 0) { perror("pipe_peer"); exit(1); }
    bytes += done;
    count -= (size_t)done;
  }
}

static int by_size(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

static void receive(int in, int back, char *frame, size_t bytes, int count) {
  uint64_t *latency = calloc((size_t)count, sizeof *latency);
  for (int i = 0; i < count; i++) {
    uint64_t sent;
    whole(in, frame, bytes, 0);
    memcpy(&sent, frame, sizeof sent);
    latency[i] = now() - sent;
    whole(back, frame, 1, 1);
  }
  uint64_t start = now();
  for (int i = 0; i < count; i++) whole(in, frame, bytes, 0);
  double seconds = (double)(now() - start) / 1e9;
  qsort(latency, (size_t)count, sizeof *latency, by_size);
  printf("{\"p50Microseconds\":%.1f,\"p99Microseconds\":%.1f,\"perSecond\":%.0f}\n", (double)latency[count / 2] / 1e3,
         (double)latency[count * 99 / 100] / 1e3, count / seconds);
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  size_t bytes = strtoul(argv[1], NULL, 10);
  int count = atoi(argv[2]), there[2], back[2];
  char *frame = malloc(bytes);
  if (!frame || bytes < 8 || count < 1 || pipe(there) || pipe(back)) return 1;
  fcntl(there[0], F_SETPIPE_SZ, 1 << 20);
  memset(frame, 1, bytes);
  pid_t child = fork();
  if (child == 0) {
    close(there[1]);
    close(back[0]);
    receive(there[0], back[1], frame, bytes, count);
    return 0;
  }
  close(there[0]);
  close(back[1]);
  for (int i = 0; i < count; i++) {
    uint64_t sent = now();
    char heard;
    memcpy(frame, &sent, sizeof sent);
    whole(there[1], frame, bytes, 1);
    whole(back[0], &heard, 1, 0);
  }
  for (int i = 0; i < count; i++) whole(there[1], frame, bytes, 1);
  int status;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
