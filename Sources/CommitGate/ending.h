// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <stdbool.h>
#include <time.h>

// Seconds on the monotonic clock.
static inline double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

// From now on a signal to end is not waited for by those who look for it from time to time. Before, all is as libc has it.
void arm_ending(void);
