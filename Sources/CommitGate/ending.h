// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <stdbool.h>

// From now on a signal to end is not waited for by those who look for it from time to time. Before, all is as libc has it.
void arm_ending(void);
