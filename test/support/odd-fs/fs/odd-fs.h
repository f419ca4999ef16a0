#define FUSE_USE_VERSION 31
#define _GNU_SOURCE
#include <fuse.h>
#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

/* odd-fs passes everything through to a directory. What it does differently is read from a file outside of the mount. */

/* oddities.c: the file of oddities, read again whenever it was replaced. */
struct oddities {
  bool read_only;
  bool chmod_ignored;
  bool rename_touches; /* a renamed directory: what is in it gets times in seconds and another ctime, as on EncFS */
  bool short_reads;
  bool only_utf8;
  bool fold_case;
  bool fold_forms;
  bool hide_removed;   /* what is removed while it is open gets a hidden name, as on NFS */
  long longest_name;   /* 0: as long as the directory below allows */
  long long time_unit; /* ns */
  long old_ms;         /* attributes are kept that long by odd-fs itself */
  double cache;        /* seconds: by the system */
  long inode_shift;
  long flip_at;        /* the n-th read of a file's beginning */
  char flip_path[NAME_MAX]; /* only of paths that contain this */
  long flip_files;     /* only of so many files; 0: of each */
};
extern struct oddities odd;
void start_oddities(const char *control, struct fuse_config *config);
/* 0, or the negative error that this call has to return. Waits where the call has to hang. */
int refused(const char *call, const char *path);
/* The same for a call that changes something. */
int change_refused(const char *call, const char *path);
void note(const char *what, const char *path);

/* names.c: the name below the directory that a path of the mount stands for; false with errno set. */
extern char below[PATH_MAX];
bool resolved(const char *path, char *into);

/* attributes.c */
void altered(struct stat *stat);
bool remembered(const char *path, struct stat *stat);
void remember(const char *path, const struct stat *stat);
void forget(const char *path);
/* Whether this read of the beginning of a file has to return a wrong bit. */
bool flips(const struct stat *stat);
