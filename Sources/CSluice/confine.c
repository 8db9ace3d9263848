#define _GNU_SOURCE
#include "CSluice.h"
#include <linux/capability.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

// Rights and attributes that the headers of older distributions lack (linux/landlock.h of Linux 6.12).
#define FS_REFER (1ull << 13)      // version 2
#define FS_TRUNCATE (1ull << 14)   // version 3
#define FS_IOCTL_DEV (1ull << 15)  // version 5
#define NET_BIND_TCP (1ull << 0)   // version 4
#define NET_CONNECT_TCP (1ull << 1)
#define SCOPE_ABSTRACT_UNIX_SOCKET (1ull << 0)  // version 6
#define SCOPE_SIGNAL (1ull << 1)
struct ruleset_attribute {
  uint64_t handled_access_fs;
  uint64_t handled_access_net;
  uint64_t scoped;
};

int sluice_landlock_version(void) {
  return (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

int sluice_landlock_ruleset(void) {
  int version = sluice_landlock_version();
  if (version < 0) return -1;
  struct ruleset_attribute attribute = {.handled_access_fs = (1ull << 13) - 1};
  size_t size = sizeof attribute.handled_access_fs;
  if (version >= 2) attribute.handled_access_fs |= FS_REFER;
  if (version >= 3) attribute.handled_access_fs |= FS_TRUNCATE;
  if (version >= 5) attribute.handled_access_fs |= FS_IOCTL_DEV;
  if (version >= 4) {
    attribute.handled_access_net = NET_BIND_TCP | NET_CONNECT_TCP;
    size = offsetof(struct ruleset_attribute, scoped);
  }
  if (version >= 6) {
    attribute.scoped = SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL;
    size = sizeof attribute;
  }
  return (int)syscall(SYS_landlock_create_ruleset, &attribute, size, 0);
}

int sluice_landlock_allow(int ruleset, const char *path, int rights) {
  int fd = open(path, O_PATH | O_CLOEXEC);
  if (fd < 0) return -1;
  struct stat status;
  int result = fstat(fd, &status);
  if (result == 0) {
    struct landlock_path_beneath_attr rule = {.parent_fd = fd};
    if (rights & SLUICE_LANDLOCK_READ) rule.allowed_access |= LANDLOCK_ACCESS_FS_READ_FILE;
    if (rights & SLUICE_LANDLOCK_LIST && S_ISDIR(status.st_mode)) rule.allowed_access |= LANDLOCK_ACCESS_FS_READ_DIR;
    result = (int)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
  }
  int e = errno;
  close(fd);
  errno = e;
  return result;
}

int sluice_landlock_enforce(int ruleset) {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return -1;
  return (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
}

uint64_t sluice_clone_thread(void) { return CLONE_THREAD | CLONE_VM; }

bool sluice_seccomp_available(void) {
  uint32_t action = SECCOMP_RET_ERRNO;
  return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

int sluice_drop_capabilities(bool may_read) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct sets[2] = {{0}}, none[2] = {{0}};
  if (syscall(SYS_capget, &header, sets) != 0) return -1;
  if (may_read) {
    none[0].effective = sets[0].effective & (1u << CAP_DAC_READ_SEARCH);
    none[0].permitted = sets[0].permitted & (1u << CAP_DAC_READ_SEARCH);
  }
  // Who has none needs no leave to drop them.
  if (!memcmp(sets, none, sizeof sets)) return 0;
  return (int)syscall(SYS_capset, &header, none);
}

bool sluice_end_with_parent(int parent) {
  if (getppid() == parent) prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  // A program in between that has not become the worker is its parent then.
  return kill(parent, 0) == 0 || errno != ESRCH;
}

void sluice_close_from(int first) { closefrom(first); }

void sluice_detach_standard(void) {
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) return;
  dup2(null, 0);
  dup2(null, 1);
  if (null > 2) close(null);
}

// Not in the header: Swift compiles what stands there without the sanitizer, and believes that there is none.
bool sluice_is_sanitized(void) {
#if defined(__has_feature)
  return __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
  return false;
#endif
}
