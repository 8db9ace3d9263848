// What a process gives up for good: Landlock (file system, network, signals) and what goes with it. See landlock(7).
#pragma once
#include <stdbool.h>
#include <stdint.h>

/// Version of the kernel's Landlock; -1 and errno when it has none.
int sluice_landlock_version(void);
/// A ruleset that denies everything that this kernel's Landlock knows, as far as we know it too (version 7). A
/// descriptor; -1 and errno.
int sluice_landlock_ruleset(void);

/// What a rule allows below a path, or of the file itself.
enum sluice_landlock_right { SLUICE_LANDLOCK_READ = 1, SLUICE_LANDLOCK_LIST = 2 };
/// Allows `rights` of `path`. -1 and errno; EBADFD for what no rule is needed for (pipes, anonymous files).
int sluice_landlock_allow(int ruleset, const char *path, int rights);
/// Holds for the calling thread and all that it starts from now on. Sets no_new_privs first.
int sluice_landlock_enforce(int ruleset);

/// Flags of clone(2) that make a thread and no process.
uint64_t sluice_clone_thread(void);
/// Whether seccomp filters can be installed, with an error for what they refuse.
bool sluice_seccomp_available(void);

/// Whether this program was built with a sanitizer, which needs what a contained process has not (/proc/self, much address
/// space, a process that looks for leaks): such a build is not contained, and has no memory limit.
bool sluice_is_sanitized(void);

/// Gives up every capability of the calling thread, for good; with `may_read`, all but the one to read what others own. -1 and
/// errno.
int sluice_drop_capabilities(bool may_read);
/// From now on the end of the thread that started this process ends it, also when it is stopped. Only where the process
/// `parent` is what started it; false when that has ended already.
bool sluice_end_with_parent(int parent);

/// Closes every descriptor from `first` on.
void sluice_close_from(int first);
/// Standard input and output become /dev/null: a worker has no business with those of its supervisor.
void sluice_detach_standard(void);

/// Limits of a process of ours: bytes of private writable memory (RLIMIT_DATA), no core file, and `count` of our processors
/// from the `first`th on, counted round.
void sluice_limit_memory(int pid, uint64_t bytes);
void sluice_limit_core(int pid);
void sluice_limit_cores(int pid, int first, int count);
/// Whether no memory is left below this process's limit.
bool sluice_memory_is_short(void);
/// A crash for want of memory ends this process with `status` instead of a signal. Not with a sanitizer or backtraces.
void sluice_tell_short_memory(int status);
