#include "odd-fs.h"
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

char below[PATH_MAX];

/* Two ways to write the same letter, composed and decomposed: enough for tests. */
static const char *const forms[][2] = {{"\xc3\xa9", "e\xcc\x81"}, {"\xc3\xb6", "o\xcc\x88"}, {"\xc3\xbc", "u\xcc\x88"}};

static void folded(const char *name, char *into) {
  while (*name) {
    size_t taken = 0;
    for (size_t at = 0; odd.fold_forms && at < sizeof forms / sizeof *forms; at++) {
      size_t length = strlen(forms[at][0]);
      if (strncmp(name, forms[at][0], length)) continue;
      into = stpcpy(into, forms[at][1]);
      taken = length;
    }
    if (!taken) {
      *into++ = odd.fold_case ? tolower((unsigned char)*name) : *name;
      taken = 1;
    }
    name += taken;
  }
  *into = 0;
}

/* The name of an entry that this file system takes for the same; the name itself where there is none. */
static void existing(const char *directory, char *name) {
  char wanted[NAME_MAX * 2 + 1], found[NAME_MAX * 2 + 1];
  folded(name, wanted);
  DIR *stream = opendir(directory);
  if (!stream) return;
  for (struct dirent *entry; (entry = readdir(stream));) {
    folded(entry->d_name, found);
    if (strcmp(found, wanted)) continue;
    strcpy(name, entry->d_name);
    break;
  }
  closedir(stream);
}

static bool is_utf8(const unsigned char *name) {
  while (*name) {
    int more = *name < 0x80 ? 0 : (*name & 0xe0) == 0xc0 ? 1 : (*name & 0xf0) == 0xe0 ? 2 : (*name & 0xf8) == 0xf0 ? 3 : -1;
    if (more < 0) return false;
    for (name++; more > 0; more--, name++)
      if ((*name & 0xc0) != 0x80) return false;
  }
  return true;
}

bool resolved(const char *path, char *into) {
  size_t length = strlen(strcpy(into, below));
  for (const char *from = path; *from;) {
    from += strspn(from, "/");
    size_t size = strcspn(from, "/");
    if (size == 0) break;
    char name[NAME_MAX + 1] = {0};
    if (size > (odd.longest_name ? (size_t)odd.longest_name : NAME_MAX)) return errno = ENAMETOOLONG, false;
    memcpy(name, from, size);
    if (odd.only_utf8 && !is_utf8((unsigned char *)name)) return errno = EILSEQ, false;
    if (odd.fold_case || odd.fold_forms) existing(into, name);
    if (length + strlen(name) + 2 > PATH_MAX) return errno = ENAMETOOLONG, false;
    length += sprintf(into + length, "/%s", name);
    from += size;
  }
  return true;
}
