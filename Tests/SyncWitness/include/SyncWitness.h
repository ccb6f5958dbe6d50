// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Hears of each fsync(2), rename(2) and link(2) in this process, libraries' too, before it happens.
typedef void (*sync_observer)(void *context, const char *call, const char *path, const char *to);

/// One at a time. Only calls about paths below `folder` are told; `to` is null for fsync.
void sync_witness_begin(const char *folder, sync_observer observer, void *context);
void sync_witness_end(void);
