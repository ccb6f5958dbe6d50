// SPDX-License-Identifier: Apache-2.0
//
// A quick end: a slurmctld that is told to end does not wait for its own clocks.
//
// Several of its threads look once in a second or two whether it ends, and are joined one after the other: 0.8 to 2.1 s
// in which no head has a slurmctld, while the other one waits for the disk. What they wait in may end early by its own
// rules: a wait for a condition may wake without a cause (pthread_cond_timedwait(3p)), and sleep(3) when a signal comes.
// From the signal on they do. See docs/decisions/0149-slurmctld-ends-at-once.md.
#define _GNU_SOURCE
#include "ending.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

// A thread in a wait for a condition that has an end.
struct waiting {
  pthread_cond_t *condition;
  struct waiting *next, *previous;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct waiting all = {NULL, &all, &all};
static pthread_cond_t told = PTHREAD_COND_INITIALIZER;  // That it is to end.
static bool is_armed;
static double ending;  // When it was told to end, on the monotonic clock; 0: it was not.

static const long step = 10 * 1000 * 1000;  // Nanoseconds between two looks of those who wait.
// Seconds after the signal in which a sleep that begins is cut too: slurmctld has not yet told its threads. Later ones
// last, since somebody may count them.
static const double early = 0.5;

static int (*real_timedwait)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
static int (*real_sigwait)(const sigset_t *, int *);
static unsigned (*real_sleep)(unsigned);

// Before this library's constructor too: others' constructors may wait.
static void find(void) {
  // The version that is not of LinuxThreads; elsewhere than on x86 there is one only.
  if (!real_timedwait) real_timedwait = dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
  if (!real_timedwait) real_timedwait = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
  if (!real_sigwait) real_sigwait = dlsym(RTLD_NEXT, "sigwait");
  if (!real_sleep) real_sleep = dlsym(RTLD_NEXT, "sleep");
}

void arm_ending(void) {
  find();
  is_armed = real_timedwait && real_sigwait && real_sleep;
}

static void unlock(void *unused) {
  (void)unused;
  pthread_mutex_unlock(&lock);
}

static void leave(void *argument) {
  struct waiting *self = argument;
  pthread_mutex_lock(&lock);
  self->previous->next = self->next;
  self->next->previous = self->previous;
  pthread_mutex_unlock(&lock);
}

// Wakes all who wait, until the process has ended.
static void *hurry(void *unused) {
  sigset_t signals;
  struct timespec pause = {0, step};
  sigfillset(&signals);
  pthread_sigmask(SIG_BLOCK, &signals, NULL);
  for (;;) {
    pthread_mutex_lock(&lock);
    for (struct waiting *each = all.next; each != &all; each = each->next) pthread_cond_broadcast(each->condition);
    pthread_mutex_unlock(&lock);
    nanosleep(&pause, NULL);
  }
  return unused;
}

static void begin_ending(void) {
  pthread_t thread;
  pthread_mutex_lock(&lock);
  bool is_first = ending == 0;
  if (is_first) ending = now();
  pthread_cond_broadcast(&told);
  pthread_mutex_unlock(&lock);
  if (is_first && pthread_create(&thread, NULL, hurry, NULL) == 0) pthread_detach(thread);
}

// MARK: In the place of what slurmctld calls

int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *limit) {
  int result;
  find();
  if (!is_armed) return real_timedwait(condition, mutex, limit);
  struct waiting self = {condition, &all, NULL};
  pthread_mutex_lock(&lock);
  self.previous = all.previous;
  self.previous->next = all.previous = &self;
  pthread_mutex_unlock(&lock);
  // A thread may be cancelled here.
  pthread_cleanup_push(leave, &self);
  result = real_timedwait(condition, mutex, limit);
  pthread_cleanup_pop(1);
  return result;
}

// The thread that takes slurmctld's signals.
int sigwait(const sigset_t *set, int *signal_number) {
  find();
  int result = real_sigwait(set, signal_number);
  if (is_armed && result == 0 && (*signal_number == SIGTERM || *signal_number == SIGINT)) begin_ending();
  return result;
}

unsigned sleep(unsigned seconds) {
  struct timespec limit;
  unsigned left = 0;
  find();
  if (!is_armed) return real_sleep(seconds);
  double end = now() + seconds;
  clock_gettime(CLOCK_REALTIME, &limit);
  limit.tv_sec += seconds;
  pthread_mutex_lock(&lock);
  pthread_cleanup_push(unlock, NULL);
  bool is_late = ending > 0 && now() - ending > early;
  while (is_late || ending == 0)
    if (real_timedwait(&told, &lock, &limit) == ETIMEDOUT) break;
  if (!is_late && ending > 0 && now() < end) left = (unsigned)(end - now()) + 1;
  pthread_cleanup_pop(1);
  if (left > 0) nanosleep(&(struct timespec){0, step}, NULL);
  return left > seconds ? seconds : left;
}
