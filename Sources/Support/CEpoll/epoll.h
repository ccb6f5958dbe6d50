// SPDX-License-Identifier: Apache-2.0
// epoll(7), signalfd(2) and pidfd_open(2), which the C library's module for Swift leaves out.
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

static inline int open_pidfd(int process) { return (int)syscall(SYS_pidfd_open, process, 0); }
