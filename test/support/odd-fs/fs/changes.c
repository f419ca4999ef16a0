#include "operations.h"
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/xattr.h>
#include <unistd.h>

/* What root makes here belongs to whoever asked for it. */
static int made(const char *real, int answer) {
  struct fuse_context *by = fuse_get_context();
  return result(answer < 0 ? answer : lchown(real, by->uid, by->gid));
}

int do_mkdir(const char *path, mode_t mode) {
  BEGIN(change_refused("mkdir", path), path);
  return made(real, mkdir(real, mode));
}

int do_unlink(const char *path) {
  BEGIN(change_refused("unlink", path), path);
  forget(path);
  return result(unlink(real));
}

int do_rmdir(const char *path) {
  BEGIN(change_refused("rmdir", path), path);
  forget(path);
  return result(rmdir(real));
}

int do_symlink(const char *target, const char *path) {
  BEGIN(change_refused("symlink", path), path);
  return made(real, symlink(target, real));
}

static int touched(const char *name, const struct stat *stat, int type, struct FTW *at) {
  struct timespec times[2] = {{stat->st_atim.tv_sec, 0}, {stat->st_mtim.tv_sec, 0}};
  return utimensat(AT_FDCWD, name, times, AT_SYMLINK_NOFOLLOW);
}

int do_rename(const char *from, const char *to, unsigned int flags) {
  int error = flags & RENAME_EXCHANGE ? refused("exchange", to) : flags & RENAME_NOREPLACE ? refused("no-replace", to) : 0;
  if (error) return error;
  char other[PATH_MAX];
  if (!resolved(from, other)) return -errno;
  BEGIN(change_refused("rename", to), to);
  forget(from);
  forget(to);
  int answer = renameat2(AT_FDCWD, other, AT_FDCWD, real, flags);
  if (answer == 0 && odd.rename_touches) nftw(real, touched, 16, FTW_PHYS);
  return result(answer);
}

int do_link(const char *from, const char *to) {
  char other[PATH_MAX];
  if (!resolved(from, other)) return -errno;
  BEGIN(change_refused("link", to), to);
  forget(to); /* not `from`: what is known of it gets old */
  return result(link(other, real));
}

int do_chmod(const char *path, mode_t mode, struct fuse_file_info *file) {
  BEGIN(change_refused("chmod", path), path);
  if (odd.chmod_ignored) return 0;
  forget(path);
  return result(chmod(real, mode));
}

int do_chown(const char *path, uid_t uid, gid_t gid, struct fuse_file_info *file) {
  BEGIN(change_refused("chown", path), path);
  forget(path);
  return result(lchown(real, uid, gid));
}

int do_truncate(const char *path, off_t size, struct fuse_file_info *file) {
  BEGIN(change_refused("truncate", path), path);
  forget(path);
  return result(file ? ftruncate(file->fh, size) : truncate(real, size));
}

int do_utimens(const char *path, const struct timespec times[2], struct fuse_file_info *file) {
  BEGIN(change_refused("utimens", path), path);
  forget(path);
  return result(utimensat(AT_FDCWD, real, times, AT_SYMLINK_NOFOLLOW));
}

int do_setxattr(const char *path, const char *name, const char *value, size_t size, int flags) {
  BEGIN(change_refused("setxattr", path), path);
  forget(path);
  return result(lsetxattr(real, name, value, size, flags));
}
