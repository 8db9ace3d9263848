// What the segment store asks of the system (store.c).
#pragma once
#include <stdint.h>
#include <sys/stat.h>

/// Writes the paths of the program's loaded shared objects to `fd`, a line each. 0, or -1 and errno.
int sluice_write_loaded_objects(int fd);
/// Name of the machine's instruction set and, of x86-64, the vector level that libraries choose their code by.
const char *sluice_cpu_level(void);
/// Gives the file the present time as its time of modification. 0, or -1 and errno.
static inline int sluice_touch(int fd) { return futimens(fd, (const struct timespec *)0); }
/// fsync(2) of a directory. 0, or -1 and errno.
int sluice_sync_directory(const char *path);
/// rename(2) that never replaces: -1 and EEXIST. Where the file system knows no such thing, another program may come in between.
int sluice_rename_new(const char *from, const char *to);
