// SPDX-License-Identifier: Apache-2.0
// epoll(7), which the C library's module for Swift leaves out.
#include <sys/epoll.h>
