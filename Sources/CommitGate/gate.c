// SPDX-License-Identifier: Apache-2.0
//
// The gate: slurmctld answers only after what it answers is on the disk.
//
// Slurm says yes to `sbatch`, launches jobs and acknowledges their ends first, and saves its state up to five seconds
// later. A head that loses its power in between forgets what it said. This library stands between slurmctld and the
// libraries it calls (LD_PRELOAD; Slurm itself is not changed):
//
//   - the thread that saves the state does so at once while somebody waits, and else every second;
//   - a thread that is about to send an answer, a launch or an acknowledgement (`is_promise`, `is_launch`, `is_end`)
//     waits until a save that began later is in place and the file system of the state is synced, which takes in the
//     scripts of jobs, that Slurm never syncs;
//   - all who wait at one time share one save.
//
// It fails open: what it was not tested with is left alone, and nobody waits longer than `limit`. It says so in its
// status file and in the journal. See packages/slurm/docs.md and docs/decisions/0130-accepted-means-kept.md.
#define _GNU_SOURCE
#include "ending.h"

#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

// MARK: The versions it was tested with

// Debian's packages, by the build ids of slurmctld and of libslurmfull.so. Tests/LabTests/GateTests runs against them.
static const struct tested {
  const char *package, *program, *library;
} tested[] = {
    {"22.05.8-4+deb12u3", "a7a5eae616406222f2b0d91b4d48eb32d5bd21f2", "891f43212cc8c783a78ff043d19fcdfc11e886b4"},
};

// The beginning of Slurm's `slurm_msg_t`, src/common/slurm_protocol_defs.h.
struct message {
  struct sockaddr_storage address;
  void *credential;
  int credential_index;
  uid_t user;
  bool user_known;
  uid_t only_user;
  bool only_user_known;
  uint32_t body_offset;
  void *buffer, *persistent;
  int descriptor;
  void *data;
  uint32_t size;
  uint16_t flags;
  uint8_t hash_index;
  uint16_t type, protocol;
};

// Slurm's numbers of the messages that promise something, src/common/slurm_protocol_defs.h.
enum {
  answer_allocation = 4002, answer_batch = 4004, answer_several = 4026,  // "Your job has this number."
  launch_batch = 4005, launch_prolog = 6017,                             // "Run this job."
  // Requests, whose answer is "noted": it has ended, it shall end.
  end_of_allocation = 5017, end_of_batch = 5018, cancel = 5032, cancel_step = 5005,
};
// Set on messages that are answered with locks held, `enable_rpc_queue`: who waited then would wait for himself.
enum { answered_with_locks = 0x0020, no_value = 0xfffe };

static const double limit = 5;  // Seconds. Clients give up after MessageTimeout, 10 s or more.

// MARK: State

enum mode { off, on, degraded };
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;  // On the monotonic clock.
static enum mode mode = off;
static const char *reason = "not-started", *version = "unknown";
static const char *state_folder, *status_file;
// Passes of Slurm's saving loop, counted at their beginnings. `saved` is the last one that has put a job_state in
// place, `committed` the last of those that is synced, `needed` the first that will do for all who wait, `asked` the
// one in which a save was last asked for.
static uint64_t begun, asked, needed, saved, committed;
static uint64_t promises, late;
static bool saving_ended, status_is_old;
static bool keeps_order;  // One sync at the end is enough: see `is_ordered`.
static unsigned waits[1024];  // The newest, in microseconds.
static _Thread_local bool is_saving;  // Of Slurm's saving thread.

static void *(*saving_loop)(void *);
static uintptr_t loop_begin, loop_end;
static void (*ask_for_save)(void);
static struct {
  int (*create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
  int (*link)(const char *, const char *);
  int (*send_node)(int, struct message *), (*send_code)(struct message *, int), (*send_only)(struct message *);
  void *(*tree)(void *, struct message *, int), *(*send_list)(const char *, struct message *, int);
  void *(*send_address)(struct message *, char *, int);
  int (*sync_and_close)(int, const char *);
} real;

static void wait_until(double moment) {
  struct timespec t = {.tv_sec = (time_t)moment};
  t.tv_nsec = (long)((moment - t.tv_sec) * 1e9);
  pthread_cond_timedwait(&changed, &lock, &t);
}

// MARK: Status

static int by_size(const void *a, const void *b) {
  unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;
  return (x > y) - (x < y);
}

// The report of a service, docs/howto/add-a-package-set.md: lines `KEY VALUE`, replaced as a whole. Called with the
// lock held; the file is in memory, /run.
static void write_status(void) {
  bool is_proven = mode == on && committed > 0;
  static unsigned sorted[sizeof waits / sizeof *waits];
  status_is_old = false;
  if (!status_file) return;
  size_t count = promises < 1024 ? promises : 1024;
  memcpy(sorted, waits, count * sizeof *waits);
  qsort(sorted, count, sizeof *sorted, by_size);
  unsigned p50 = count ? sorted[count / 2] : 0, p99 = count ? sorted[count * 99 / 100] : 0;
  char text[1024], detail[128], path[4096];
  if (is_proven)
    snprintf(
        detail, sizeof detail, "accepted jobs are on the disk first: p50 %.1f ms, p99 %.1f ms", p50 / 1e3, p99 / 1e3);
  else
    snprintf(detail, sizeof detail, "jobs are accepted before they are on the disk (%s)", reason);
  int length = snprintf(
      text, sizeof text,
      "format 1\npid %d\nstate %s\ndetail %s\npackage %s\nreason %s\npromises %llu\nlate %llu\n"
      "p50_us %u\np99_us %u\n",
      (int)getpid(), is_proven ? "ok" : mode == off ? "off" : "degraded", detail, version, reason,
      (unsigned long long)promises, (unsigned long long)late, p50, p99);
  if (length >= (int)sizeof text || snprintf(path, sizeof path, "%s.new", status_file) >= (int)sizeof path) return;
  // Its folder belongs to slurmctld's user, and root may be who writes: no link is followed.
  unlink(path);
  int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
  if (file < 0) return;
  bool whole = write(file, text, length) == length;
  if (close(file) == 0 && whole) rename(path, status_file);
}

// Called with the lock held. Whoever cannot keep its word any longer has to say so, once.
static void set_mode(enum mode next, const char *why) {
  if (mode == next && strcmp(reason, why) == 0) return;
  mode = next;
  reason = why;
  write_status();
  pthread_cond_broadcast(&changed);
  if (next == on)
    syslog(LOG_DAEMON | LOG_NOTICE, "gate: on: what is answered is on the disk (%s)", version);
  else if (next == degraded)
    syslog(LOG_DAEMON | LOG_CRIT, "gate: DEGRADED (%s): jobs are accepted before they are on the disk", why);
  else
    syslog(LOG_DAEMON | LOG_CRIT, "gate: OFF (%s): jobs are accepted before they are on the disk", why);
}

// MARK: Waiting

// Returns when what was decided before this call is on the disk, or when that cannot be waited for. No lock of Slurm's
// is held here, except where `answered_with_locks` says so.
static void keep(const struct message *message) {
  pthread_mutex_lock(&lock);
  if (mode == off) goto done;
  if (message->flags & answered_with_locks) {
    set_mode(off, "enable_rpc_queue");
    goto done;
  }
  // The pass that is at work may have looked before: the next one counts.
  double start = now();
  uint64_t wanted = begun + 1;
  if (needed < wanted) needed = wanted;
  while (committed < wanted && mode == on && !saving_ended) {
    // A pass takes what was asked for before its beginning, or in it: in each one it is asked for again.
    if (asked < begun && saved < wanted) {
      asked = begun;
      pthread_mutex_unlock(&lock);
      ask_for_save();
      pthread_mutex_lock(&lock);
      continue;
    }
    if (now() - start >= limit) set_mode(degraded, "timeout");
    else wait_until(start + limit);
  }
  if (committed < wanted) late++;
  waits[promises++ % (sizeof waits / sizeof *waits)] = (unsigned)((now() - start) * 1e6);
  status_is_old = true;
  if (mode == degraded && asked < begun) {  // Nobody waits; the saves go on, and show when all is well again.
    asked = begun;
    pthread_mutex_unlock(&lock);
    ask_for_save();
    return;
  }
done:
  pthread_mutex_unlock(&lock);
}

static bool is_promise(uint16_t type) {
  return type == answer_allocation || type == answer_batch || type == answer_several;
}
static bool is_launch(uint16_t type) { return type == launch_batch || type == launch_prolog; }
static bool is_end(uint16_t type) {
  return type == end_of_allocation || type == end_of_batch || type == cancel || type == cancel_step;
}

// Whether the folder is on an ext4 with `nodelalloc` and barriers. There what a file has been given is at the disk
// after sync_file_range(2), with its blocks in the journal; its name gets into the journal later, and each commit of
// the journal flushes the disk's cache before. Elsewhere Slurm's own sync of job_state stays.
static bool is_ordered(int folder) {
  char line[4096];
  unsigned major_number, minor_number;
  struct stat about;
  bool found = false;
  FILE *mounts = fopen("/proc/self/mountinfo", "re");
  if (!mounts) return false;
  while (!found && fstat(folder, &about) == 0 && fgets(line, sizeof line, mounts)) {
    // Fields of proc(5): … MAJOR:MINOR ROOT PLACE OPTIONS … - TYPE SOURCE OPTIONS
    const char *rest = strstr(line, " - ");
    if (!rest || sscanf(line, "%*d %*d %u:%u", &major_number, &minor_number) != 2) continue;
    if (makedev(major_number, minor_number) != about.st_dev) continue;
    found = !strncmp(rest, " - ext4 ", 8) && strstr(rest, "nodelalloc") && !strstr(rest, "data=writeback") &&
            !strstr(rest, "nobarrier");
    break;
  }
  fclose(mounts);
  return found;
}

// Puts on the disk what Slurm's thread has saved, for all who wait at that moment.
static void *commit(void *unused) {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, NULL);
  // Not before: slurmctld closes all descriptors when it starts.
  int folder = open(state_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  double written = 0;
  uint64_t pass = 0;
  bool ordered = folder >= 0 && is_ordered(folder);
  pthread_mutex_lock(&lock);
  keeps_order = ordered;
  for (;;) {
    while (pass == saved) {
      if (status_is_old && now() - written >= 1) {
        written = now();
        write_status();
      }
      wait_until(now() + 1);
    }
    pass = saved;
    pthread_mutex_unlock(&lock);
    bool synced = folder >= 0 && syncfs(folder) == 0;
    pthread_mutex_lock(&lock);
    if (synced) committed = pass;
    if (mode != off) set_mode(synced ? on : degraded, synced ? "none" : folder < 0 ? "no-state-folder" : "sync-failed");
    pthread_cond_broadcast(&changed);
  }
  return unused;
}

// MARK: Slurm's saving thread

static bool is_loop(const void *caller) { return (uintptr_t)caller >= loop_begin && (uintptr_t)caller < loop_end; }

// Slurm holds the lock of its saving here: nothing of it is called.
static void begin_pass(void) {
  pthread_mutex_lock(&lock);
  begun++;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
}

// One wait without a promise: the proof that all of this works with the slurmctld that has just started.
static void *prove(void *unused) {
  struct message nothing = {.flags = 0};
  keep(&nothing);
  return unused;
}

static void start_committing(void) {
  pthread_t thread;
  if (real.create(&thread, NULL, commit, NULL) == 0) pthread_detach(thread);
}

static void *save(void *argument) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_t proof;
  is_saving = true;
  pthread_mutex_lock(&lock);
  saving_ended = false;
  pthread_mutex_unlock(&lock);
  pthread_once(&once, start_committing);
  if (real.create(&proof, NULL, prove, NULL) == 0) pthread_detach(proof);
  void *result = saving_loop(argument);
  // slurmctld ends. Its last pass has counted; who comes now cannot be helped.
  pthread_mutex_lock(&lock);
  saving_ended = true;
  pthread_cond_broadcast(&changed);
  pthread_mutex_unlock(&lock);
  return result;
}

// MARK: In the place of what slurmctld calls

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument) {
  // Before `main` too: others' constructors may start threads.
  if (!real.create) real.create = dlsym(RTLD_NEXT, "pthread_create");
  return real.create(thread, attributes, saving_loop && start == saving_loop ? save : start, argument);
}

// As libc has it: the seconds of the last tick.
time_t time(time_t *result) {
  struct timespec t;
  if (is_saving && is_loop(__builtin_return_address(0))) begin_pass();
  clock_gettime(CLOCK_REALTIME_COARSE, &t);
  if (result) *result = t.tv_sec;
  return t.tv_sec;
}

// Slurm's loop asks whether its last save is five seconds old. It is as soon as somebody waits for the next one.
double difftime(time_t end, time_t begin) {
  double seconds = (double)end - (double)begin;
  if (!is_saving || !is_loop(__builtin_return_address(0))) return seconds;
  pthread_mutex_lock(&lock);
  bool is_due = saved < needed || seconds >= 1;
  pthread_mutex_unlock(&lock);
  return is_due ? 1e9 : 0;
}

// The sync of `commit` comes after the new file has its name, and makes both last. This one has only to come before.
int fsync_and_close(int file, const char *what) {
  const unsigned all = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
  bool is_job_state = is_saving && keeps_order && strcmp(what, "job") == 0;
  if (is_job_state && sync_file_range(file, 0, 0, all) == 0) return close(file);
  return real.sync_and_close(file, what);
}

// The last thing of a save of jobs, after it was written whole: the new file gets its name.
int link(const char *from, const char *to) {
  if (!real.link) real.link = dlsym(RTLD_NEXT, "link");
  int result = real.link(from, to);
  if (is_saving && result == 0) {
    const char *name = strrchr(to, '/');
    if (name && strcmp(name, "/job_state") == 0) {
      pthread_mutex_lock(&lock);
      saved = begun;
      pthread_cond_broadcast(&changed);
      pthread_mutex_unlock(&lock);
    }
  }
  return result;
}

int slurm_send_node_msg(int descriptor, struct message *message) {
  if (is_promise(message->type)) keep(message);
  return real.send_node(descriptor, message);
}

// `message` is the request that is answered.
int slurm_send_rc_msg(struct message *message, int code) {
  if (is_end(message->type)) keep(message);
  return real.send_code(message, code);
}

// What waiting `salloc` and `srun` get when their job starts.
int slurm_send_only_node_msg(struct message *message) {
  if (is_promise(message->type)) keep(message);
  return real.send_only(message);
}

void *start_msg_tree(void *nodes, struct message *message, int timeout) {
  if (is_launch(message->type)) keep(message);
  return real.tree(nodes, message, timeout);
}

void *slurm_send_recv_msgs(const char *nodes, struct message *message, int timeout) {
  if (is_launch(message->type)) keep(message);
  return real.send_list(nodes, message, timeout);
}

void *slurm_send_addr_recv_msgs(struct message *message, char *name, int timeout) {
  if (is_launch(message->type)) keep(message);
  return real.send_address(message, name, timeout);
}

// MARK: The self-test

struct build_ids { char program[41], library[41]; };

static void note_id(char *id, const ElfW(Nhdr) *note) {
  const unsigned char *bytes = (const unsigned char *)(note + 1) + 4;
  for (unsigned i = 0; i < note->n_descsz && i < 20; i++) snprintf(id + 2 * i, 3, "%02x", bytes[i]);
}

static int find_ids(struct dl_phdr_info *object, size_t size, void *found) {
  (void)size;
  struct build_ids *ids = found;
  const char *name = strrchr(object->dlpi_name, '/');
  char *id = !*object->dlpi_name ? ids->program : name && !strcmp(name, "/libslurmfull.so") ? ids->library : NULL;
  for (int i = 0; id && i < object->dlpi_phnum; i++) {
    if (object->dlpi_phdr[i].p_type != PT_NOTE) continue;
    const char *place = (const char *)(object->dlpi_addr + object->dlpi_phdr[i].p_vaddr);
    const char *end = place + object->dlpi_phdr[i].p_memsz;
    while (place + sizeof(ElfW(Nhdr)) <= end) {
      const ElfW(Nhdr) *note = (const void *)place;
      bool is_gnu = note->n_namesz == 4 && !memcmp(note + 1, "GNU", 4);
      if (is_gnu && note->n_type == NT_GNU_BUILD_ID) note_id(id, note);
      place += sizeof *note + ((note->n_namesz + 3) & ~3u) + ((note->n_descsz + 3) & ~3u);
    }
  }
  return 0;
}

static const char *find_version(void) {
  struct build_ids ids = {"", ""};
  dl_iterate_phdr(find_ids, &ids);
  for (size_t i = 0; i < sizeof tested / sizeof *tested; i++)
    if (!strcmp(ids.program, tested[i].program) && !strcmp(ids.library, tested[i].library)) return tested[i].package;
  return NULL;
}

// Whether `slurm_msg_t` is laid out as above: its own initializer says so.
static bool knows_messages(void) {
  union { struct message message; char room[4096]; } filled;
  void (*initialize)(void *) = dlsym(RTLD_DEFAULT, "slurm_msg_t_init");
  memset(&filled, 0x55, sizeof filled);
  if (!initialize) return false;
  initialize(&filled);
  const struct message *m = &filled.message;
  return m->type == no_value && m->protocol == no_value && m->descriptor == -1 && m->flags == 0 && m->data == NULL;
}

static bool finds_symbols(void) {
  Dl_info info;
  const ElfW(Sym) *symbol = NULL;
  saving_loop = dlsym(RTLD_DEFAULT, "slurmctld_state_save");
  ask_for_save = dlsym(RTLD_DEFAULT, "schedule_job_save");
  if (!saving_loop || !ask_for_save) return false;
  if (!dladdr1((void *)saving_loop, &info, (void **)&symbol, RTLD_DL_SYMENT)) return false;
  if (!symbol || !symbol->st_size) return false;
  loop_begin = (uintptr_t)saving_loop;
  loop_end = loop_begin + symbol->st_size;
  return true;
}

__attribute__((constructor)) static void begin(void) {
  pthread_condattr_t monotonic;
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&changed, &monotonic);
  if (!real.create) real.create = dlsym(RTLD_NEXT, "pthread_create");
  if (!real.link) real.link = dlsym(RTLD_NEXT, "link");
  real.sync_and_close = dlsym(RTLD_NEXT, "fsync_and_close");
  real.send_node = dlsym(RTLD_NEXT, "slurm_send_node_msg");
  real.send_code = dlsym(RTLD_NEXT, "slurm_send_rc_msg");
  real.send_only = dlsym(RTLD_NEXT, "slurm_send_only_node_msg");
  real.tree = dlsym(RTLD_NEXT, "start_msg_tree");
  real.send_list = dlsym(RTLD_NEXT, "slurm_send_recv_msgs");
  real.send_address = dlsym(RTLD_NEXT, "slurm_send_addr_recv_msgs");
  // Other programs that the unit starts, such as the guard's, are none of ours.
  if (!dlsym(RTLD_DEFAULT, "slurmctld_state_save")) return;
  // Nor are the programs that slurmctld starts.
  unsetenv("LD_PRELOAD");
  state_folder = getenv("GATE_STATE");
  status_file = getenv("GATE_STATUS");
  const char *known = find_version();
  const char *why = NULL;
  bool finds_calls = real.send_node && real.send_code && real.send_only && real.tree && real.send_list &&
                     real.send_address && real.sync_and_close;
  if (!state_folder) why = "no-state-folder";
  else if (!known) why = "untested-version";
  else if (!finds_calls || !finds_symbols()) why = "missing-symbol";
  else if (!knows_messages()) why = "other-messages";
  pthread_mutex_lock(&lock);
  if (known) version = known;
  if (why) {
    saving_loop = NULL;
    set_mode(off, why);
  } else {
    mode = on;  // Said when the first save is on the disk: see `prove`.
    reason = "starting";
    arm_ending();
    write_status();
  }
  pthread_mutex_unlock(&lock);
}
