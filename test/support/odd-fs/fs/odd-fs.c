#include "operations.h"
#include <stdio.h>
#include <stdlib.h>

/* odd-fs DIRECTORY CONTROL MOUNTPOINT [options of FUSE] */

static const char *control;

static void *init(struct fuse_conn_info *connection, struct fuse_config *config) {
  config->use_ino = 1;
  start_oddities(control, config);
  return NULL;
}

static const struct fuse_operations operations = {
  .init = init,
  .getattr = do_getattr, .readlink = do_readlink, .opendir = do_opendir, .readdir = do_readdir,
  .releasedir = do_releasedir, .statfs = do_statfs, .getxattr = do_getxattr, .listxattr = do_listxattr,
  .mkdir = do_mkdir, .unlink = do_unlink, .rmdir = do_rmdir, .symlink = do_symlink, .rename = do_rename,
  .link = do_link, .chmod = do_chmod, .chown = do_chown, .truncate = do_truncate, .utimens = do_utimens,
  .setxattr = do_setxattr,
  .open = do_open, .create = do_create, .read = do_read, .write = do_write, .flush = do_flush,
  .release = do_release, .fsync = do_fsync, .fsyncdir = do_fsyncdir,
};

int main(int count, char **words) {
  if (count < 4 || !realpath(words[1], below)) {
    fprintf(stderr, "odd-fs DIRECTORY CONTROL MOUNTPOINT [options of FUSE]\n");
    return 2;
  }
  control = realpath(words[2], NULL);
  umask(0);
  words[2] = words[0];
  return fuse_main(count - 2, words + 2, &operations, NULL);
}
