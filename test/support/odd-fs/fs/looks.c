#include "operations.h"
#include <dirent.h>
#include <errno.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

int do_getattr(const char *path, struct stat *stat, struct fuse_file_info *file) {
  if (!path && file) {
    if (fstat(file->fh, stat) != 0) return -errno;
    altered(stat);
    return 0;
  }
  BEGIN(refused("getattr", path), path);
  if (remembered(path, stat)) return 0;
  if ((file ? fstat(file->fh, stat) : lstat(real, stat)) != 0) return -errno;
  altered(stat);
  remember(path, stat);
  return 0;
}

int do_readlink(const char *path, char *target, size_t size) {
  BEGIN(refused("readlink", path), path);
  ssize_t length = readlink(real, target, size - 1);
  if (length < 0) return -errno;
  target[length] = 0;
  return 0;
}

int do_opendir(const char *path, struct fuse_file_info *file) {
  BEGIN(refused("opendir", path), path);
  DIR *stream = opendir(real);
  file->fh = (uint64_t)(uintptr_t)stream;
  return stream ? 0 : -errno;
}

int do_readdir(const char *path, void *into, fuse_fill_dir_t fill, off_t offset, struct fuse_file_info *file, enum fuse_readdir_flags flags) {
  int error = refused("readdir", path);
  if (error) return error;
  DIR *stream = (DIR *)(uintptr_t)file->fh;
  rewinddir(stream);
  for (struct dirent *entry; (entry = readdir(stream));) {
    struct stat stat = {.st_ino = entry->d_ino + odd.inode_shift, .st_mode = entry->d_type << 12};
    if (fill(into, entry->d_name, &stat, 0, 0)) break;
  }
  return 0;
}

int do_releasedir(const char *path, struct fuse_file_info *file) { return result(closedir((DIR *)(uintptr_t)file->fh)); }

int do_statfs(const char *path, struct statvfs *stat) {
  BEGIN(refused("statfs", path), path);
  int error = result(statvfs(real, stat));
  if (odd.longest_name) stat->f_namemax = odd.longest_name;
  return error;
}

int do_getxattr(const char *path, const char *name, char *value, size_t size) {
  BEGIN(refused("getxattr", path), path);
  ssize_t length = lgetxattr(real, name, value, size);
  return length < 0 ? -errno : length;
}

int do_listxattr(const char *path, char *list, size_t size) {
  BEGIN(refused("listxattr", path), path);
  ssize_t length = llistxattr(real, list, size);
  return length < 0 ? -errno : length;
}
