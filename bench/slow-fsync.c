/* Preloaded (LD_PRELOAD) into a process, makes every fsync and fdatasync take at least
 * SLOW_FSYNC_US microseconds longer: a disk that a fast machine does not have. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

static void wait_for_disk(void) {
  const char *delay_us = getenv("SLOW_FSYNC_US");
  if (delay_us != NULL) usleep((useconds_t)atoi(delay_us));
}

int fsync(int fd) {
  int (*real_fsync)(int) = dlsym(RTLD_NEXT, "fsync");
  wait_for_disk();
  return real_fsync(fd);
}

int fdatasync(int fd) {
  int (*real_fdatasync)(int) = dlsym(RTLD_NEXT, "fdatasync");
  wait_for_disk();
  return real_fdatasync(fd);
}
