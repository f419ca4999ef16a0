#include "odd-fs.h"
#include <errno.h>

/* The operations of fuse.h, in looks.c, changes.c and files.c. */

static inline int result(int answer) { return answer < 0 ? -errno : 0; }

/* The start of a call: its fault, if it has one now, and the name that its path stands for, `real`. A removed file has none. */
#define BEGIN(refusal, path) \
  char real[PATH_MAX]; \
  int error_ = refusal; \
  if (error_) return error_; \
  if (!path) return -ESTALE; \
  if (!resolved(path, real)) return -errno

int do_getattr(const char *path, struct stat *stat, struct fuse_file_info *file);
int do_readlink(const char *path, char *target, size_t size);
int do_opendir(const char *path, struct fuse_file_info *file);
int do_readdir(const char *path, void *into, fuse_fill_dir_t fill, off_t offset, struct fuse_file_info *file, enum fuse_readdir_flags flags);
int do_releasedir(const char *path, struct fuse_file_info *file);
int do_statfs(const char *path, struct statvfs *stat);
int do_getxattr(const char *path, const char *name, char *value, size_t size);
int do_listxattr(const char *path, char *list, size_t size);
int do_mkdir(const char *path, mode_t mode);
int do_unlink(const char *path);
int do_rmdir(const char *path);
int do_symlink(const char *target, const char *path);
int do_rename(const char *from, const char *to, unsigned int flags);
int do_link(const char *from, const char *to);
int do_chmod(const char *path, mode_t mode, struct fuse_file_info *file);
int do_chown(const char *path, uid_t uid, gid_t gid, struct fuse_file_info *file);
int do_truncate(const char *path, off_t size, struct fuse_file_info *file);
int do_utimens(const char *path, const struct timespec times[2], struct fuse_file_info *file);
int do_setxattr(const char *path, const char *name, const char *value, size_t size, int flags);
int do_open(const char *path, struct fuse_file_info *file);
int do_create(const char *path, mode_t mode, struct fuse_file_info *file);
int do_read(const char *path, char *buffer, size_t size, off_t offset, struct fuse_file_info *file);
int do_write(const char *path, const char *buffer, size_t size, off_t offset, struct fuse_file_info *file);
int do_flush(const char *path, struct fuse_file_info *file);
int do_release(const char *path, struct fuse_file_info *file);
int do_fsync(const char *path, int data_only, struct fuse_file_info *file);
int do_fsyncdir(const char *path, int data_only, struct fuse_file_info *file);
