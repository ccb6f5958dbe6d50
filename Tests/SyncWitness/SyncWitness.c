// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "SyncWitness.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char watched[4096];
static sync_observer observer;
static void *context;

void sync_witness_begin(const char *folder, sync_observer seen, void *for_whom) {
  pthread_mutex_lock(&lock);
  snprintf(watched, sizeof watched, "%s/", folder);
  observer = seen;
  context = for_whom;
  pthread_mutex_unlock(&lock);
}

void sync_witness_end(void) {
  pthread_mutex_lock(&lock);
  observer = NULL;
  pthread_mutex_unlock(&lock);
}

static void tell(const char *call, const char *path, const char *to) {
  pthread_mutex_lock(&lock);
  sync_observer told = observer && !strncmp(path, watched, strlen(watched)) ? observer : NULL;
  void *whom = context;
  pthread_mutex_unlock(&lock);
  if (told) told(whom, call, path, to);
}

// These stand before those of the C library, because the program itself has them.

int fsync(int file) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length > 0) {
    path[length] = 0;
    tell("fsync", path, NULL);
  }
  return (int)syscall(SYS_fsync, file);
}

int rename(const char *from, const char *to) {
  tell("rename", from, to);
  return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int link(const char *from, const char *to) {
  tell("link", from, to);
  return (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
}
