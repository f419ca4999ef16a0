#include "odd-fs.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct known {
  char *path;
  struct stat stat;
  struct timespec at;
  struct known *next;
};
struct beginnings {
  ino_t inode;
  long reads;
  struct beginnings *next;
};
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct known *all;
static struct beginnings *read_before;
static long flipped; /* files */

static void cut(struct timespec *time) {
  long long ns = time->tv_sec * 1000000000LL + time->tv_nsec;
  ns -= ((ns % odd.time_unit) + odd.time_unit) % odd.time_unit;
  time->tv_nsec = ((ns % 1000000000) + 1000000000) % 1000000000;
  time->tv_sec = (ns - time->tv_nsec) / 1000000000;
}

void altered(struct stat *stat) {
  stat->st_ino += odd.inode_shift;
  if (odd.chmod_ignored) stat->st_mode |= 0777; /* as the mount says, for all files */
  if (!odd.time_unit) return;
  cut(&stat->st_mtim);
  cut(&stat->st_ctim);
  cut(&stat->st_atim);
}

static struct known **place(const char *path) {
  struct known **at = &all;
  while (*at && strcmp((*at)->path, path)) at = &(*at)->next;
  return at;
}

bool remembered(const char *path, struct stat *stat) {
  if (!odd.old_ms) return false;
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  pthread_mutex_lock(&lock);
  struct known *known = *place(path);
  bool young = known && (now.tv_sec - known->at.tv_sec) * 1000 + (now.tv_nsec - known->at.tv_nsec) / 1000000 < odd.old_ms;
  if (young) *stat = known->stat;
  pthread_mutex_unlock(&lock);
  return young;
}

void remember(const char *path, const struct stat *stat) {
  if (!odd.old_ms) return;
  pthread_mutex_lock(&lock);
  struct known **at = place(path);
  if (!*at) {
    *at = calloc(1, sizeof **at);
    (*at)->path = strdup(path);
  }
  (*at)->stat = *stat;
  clock_gettime(CLOCK_MONOTONIC, &(*at)->at);
  pthread_mutex_unlock(&lock);
}

/* Of one path, after it was changed under this name; NULL for all. */
void forget(const char *path) {
  pthread_mutex_lock(&lock);
  for (struct known **at = path ? place(path) : &all; *at;) {
    struct known *gone = *at;
    *at = gone->next;
    free(gone->path);
    free(gone);
    if (path) break;
  }
  if (!path) flipped = 0;
  while (!path && read_before) {
    struct beginnings *gone = read_before;
    read_before = gone->next;
    free(gone);
  }
  pthread_mutex_unlock(&lock);
}

bool flips(const struct stat *stat) {
  pthread_mutex_lock(&lock);
  struct beginnings **at = &read_before;
  while (*at && (*at)->inode != stat->st_ino) at = &(*at)->next;
  if (!*at) {
    *at = calloc(1, sizeof **at);
    (*at)->inode = stat->st_ino;
  }
  bool now = ++(*at)->reads == odd.flip_at && (!odd.flip_files || flipped < odd.flip_files);
  flipped += now;
  pthread_mutex_unlock(&lock);
  return now;
}
