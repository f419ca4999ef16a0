#include "odd-fs.h"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One line: fail or wait CALL NUMBER FIRST LAST [PART OF PATH]. NUMBER is an errno, or the milliseconds to wait. */
struct fault {
  bool waits;
  char call[16];
  int number;
  long first, last, seen;
  char part[PATH_MAX];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *control;
static struct fuse_config *config;
static struct timespec read_at;
static ino_t read_from;
static struct fault faults[32];
static int count;
struct oddities odd;

static void parse(char *line) {
  struct fault fault = {0};
  char kind[16], value[NAME_MAX];
  int rest = 0;
  if (sscanf(line, "%15s %15s %d %ld %ld %n", kind, fault.call, &fault.number, &fault.first, &fault.last, &rest) == 5 && count < 32) {
    fault.waits = strcmp(kind, "wait") == 0;
    snprintf(fault.part, sizeof fault.part, "%s", line + rest);
    faults[count++] = fault;
    return;
  }
  if (sscanf(line, "%15s %254s", kind, value) != 2) return;
  if (!strcmp(kind, "read-only")) odd.read_only = true;
  if (!strcmp(kind, "chmod-ignored")) odd.chmod_ignored = true;
  if (!strcmp(kind, "rename-touches")) odd.rename_touches = true;
  if (!strcmp(kind, "short-reads")) odd.short_reads = true;
  if (!strcmp(kind, "only-utf8")) odd.only_utf8 = true;
  if (!strcmp(kind, "fold-case")) odd.fold_case = true;
  if (!strcmp(kind, "fold-forms")) odd.fold_forms = true;
  if (!strcmp(kind, "hide-removed")) odd.hide_removed = true;
  if (!strcmp(kind, "longest-name")) odd.longest_name = atol(value);
  if (!strcmp(kind, "time-unit")) odd.time_unit = atoll(value);
  if (!strcmp(kind, "old")) odd.old_ms = atol(value);
  if (!strcmp(kind, "cache")) odd.cache = atof(value);
  if (!strcmp(kind, "inode-shift")) odd.inode_shift = atol(value);
  if (!strcmp(kind, "flip-at")) odd.flip_at = atol(value);
  if (!strcmp(kind, "flip-files")) odd.flip_files = atol(value);
  if (!strcmp(kind, "flip-path")) snprintf(odd.flip_path, sizeof odd.flip_path, "%s", value);
}

static void read_again(void) {
  struct stat now;
  if (stat(control, &now) != 0) return;
  if (now.st_ino == read_from && now.st_ctim.tv_sec == read_at.tv_sec && now.st_ctim.tv_nsec == read_at.tv_nsec) return;
  FILE *file = fopen(control, "r");
  if (!file) return;
  read_from = now.st_ino;
  read_at = now.st_ctim;
  odd = (struct oddities){0};
  count = 0;
  char line[PATH_MAX + 128];
  while (fgets(line, sizeof line, file)) {
    line[strcspn(line, "\n")] = 0;
    parse(line);
  }
  fclose(file);
  config->attr_timeout = config->entry_timeout = odd.cache;
  config->hard_remove = !odd.hide_removed;
  forget(NULL);
}

void start_oddities(const char *file, struct fuse_config *settings) {
  control = file;
  config = settings;
  pthread_mutex_lock(&lock);
  read_again();
  pthread_mutex_unlock(&lock);
}

/* What was done is appended to a file beside the control file: a test knows that its fault took place. */
void note(const char *what, const char *path) {
  char name[PATH_MAX];
  snprintf(name, sizeof name, "%s.done", control);
  FILE *file = fopen(name, "a");
  if (!file) return;
  fprintf(file, "%s %s\n", what, path);
  fclose(file);
}

int refused(const char *call, const char *path) {
  if (!path) path = ""; /* of an open file that was removed */
  int error = 0, wait = 0;
  pthread_mutex_lock(&lock);
  read_again();
  for (int at = 0; at < count; at++) {
    struct fault *fault = &faults[at];
    if (strcmp(fault->call, call) || !strstr(path, fault->part)) continue;
    fault->seen++;
    if (fault->seen < fault->first || fault->seen > fault->last) continue;
    *(fault->waits ? &wait : &error) = fault->number;
    note(call, path);
  }
  pthread_mutex_unlock(&lock);
  if (wait) usleep(wait * 1000);
  return -error;
}

int change_refused(const char *call, const char *path) {
  int error = refused(call, path);
  if (error == 0 && odd.read_only) return -EROFS;
  return error;
}
