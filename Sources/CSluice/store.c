#define _GNU_SOURCE
#include "include/CSluice.h"
#include <link.h>
#include <stdio.h>

static int write_object(struct dl_phdr_info *info, size_t size, void *fd) {
  (void)size;
  // The program itself has no name here, the kernel's object no file.
  if (!info->dlpi_name || info->dlpi_name[0] != '/') return 0;
  return dprintf(*(int *)fd, "%s\n", info->dlpi_name) < 0 ? -1 : 0;
}

int sluice_write_loaded_objects(int fd) { return dl_iterate_phdr(write_object, &fd); }

const char *sluice_cpu_level(void) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")) return "x86-64 avx512";
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "x86-64 avx2";
  if (__builtin_cpu_supports("avx")) return "x86-64 avx";
  return __builtin_cpu_supports("sse4.2") ? "x86-64 sse4.2" : "x86-64";
#elif defined(__aarch64__)
  return "aarch64";
#else
  return "other";
#endif
}

int sluice_sync_directory(const char *path) {
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return -1;
  int result = fsync(fd);
  int code = errno;
  close(fd);
  errno = code;
  return result;
}
