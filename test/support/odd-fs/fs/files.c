#include "operations.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int opened(const char *path, int flags, mode_t mode, struct fuse_file_info *file) {
  bool writes = (flags & (O_ACCMODE | O_CREAT | O_TRUNC)) != O_RDONLY;
  if (flags & O_DIRECT) {
    int error = refused("direct", path);
    if (error) return error;
  }
  BEGIN((writes ? change_refused : refused)(flags & O_CREAT ? "create" : "open", path), path);
  int fd = open(real, (flags & ~O_DIRECT) | O_NOFOLLOW, mode);
  if (fd < 0) return -errno;
  if (flags & O_CREAT) fchown(fd, fuse_get_context()->uid, fuse_get_context()->gid);
  if (writes) forget(path);
  file->fh = fd;
  file->direct_io = odd.short_reads;
  return 0;
}

int do_open(const char *path, struct fuse_file_info *file) { return opened(path, file->flags, 0, file); }

int do_create(const char *path, mode_t mode, struct fuse_file_info *file) {
  return opened(path, file->flags | O_CREAT, mode, file);
}

int do_read(const char *path, char *buffer, size_t size, off_t offset, struct fuse_file_info *file) {
  int error = refused("read", path);
  if (error) return error;
  /* A multiple of what direct reads are aligned to, and never an end of file before the end. */
  if (odd.short_reads && size > 8192) size = size / 2 / 4096 * 4096;
  ssize_t length = pread(file->fh, buffer, size, offset);
  if (length < 0) return -errno;
  struct stat stat;
  if (odd.flip_at && path && strstr(path, odd.flip_path) && offset == 0 && length > 0 && fstat(file->fh, &stat) == 0 && flips(&stat)) {
    buffer[0] ^= 1;
    note("flip", path);
  }
  return length;
}

int do_write(const char *path, const char *buffer, size_t size, off_t offset, struct fuse_file_info *file) {
  int error = change_refused("write", path);
  if (error) return error;
  if (path) forget(path);
  ssize_t length = pwrite(file->fh, buffer, size, offset);
  return length < 0 ? -errno : length;
}

int do_flush(const char *path, struct fuse_file_info *file) { return refused("close", path); }

int do_release(const char *path, struct fuse_file_info *file) { return result(close(file->fh)); }

int do_fsync(const char *path, int data_only, struct fuse_file_info *file) {
  int error = refused("fsync", path);
  return error ? error : result(fsync(file->fh));
}

int do_fsyncdir(const char *path, int data_only, struct fuse_file_info *file) {
  int error = refused("fsyncdir", path);
  return error ? error : result(fsync(dirfd((DIR *)(uintptr_t)file->fh)));
}
