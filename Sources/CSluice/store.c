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

int sluice_rename_new(const char *from, const char *to) {
  if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) return 0;
  struct stat status;
  if (errno == EEXIST) {
    // A link that leads nowhere is nobody's file.
    if (stat(to, &status) == 0) errno = EEXIST;
    else if (errno == ENOENT) return rename(from, to);
    return -1;
  }
  if (errno != EINVAL && errno != ENOSYS) return -1;
  if (lstat(to, &status) != 0) return errno == ENOENT ? rename(from, to) : -1;
  errno = EEXIST;
  return -1;
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
