#include <git2.h>
#include <git2/sys/mempack.h>
#include <git2/sys/odb_backend.h>

// Swift cannot call variadic functions. Objects and references reach the disk before libgit2 returns.
static inline int cgit2_enable_fsync(void) { return git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1); }
