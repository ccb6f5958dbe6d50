// SPDX-License-Identifier: Apache-2.0
// epoll(7) and signalfd(2), which the C library's module for Swift leaves out.
#include <sys/epoll.h>
#include <sys/signalfd.h>
