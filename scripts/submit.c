// SPDX-License-Identifier: Apache-2.0
// The client of bench-gate and bench-ha.
// Submits ARGV[1] held jobs in ARGV[2] threads, and prints the microseconds of each. With a third word by sbatch(1), else by the call
// that sbatch makes: so many programs at once would measure how they start.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <slurm/slurm.h>
#include <slurm/slurm_errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
static int each, by_command;
static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec / 1e9; }
static void sbatch(void) {
  int status;
  pid_t child = fork();
  if (!child) {
    dup2(open("/dev/null", O_WRONLY), 1);
    execl("/usr/bin/sbatch", "sbatch", "--hold", "--output=/dev/null", "--job-name=latency", "--wrap=true", NULL);
    _exit(127);
  }
  if (waitpid(child, &status, 0) < 0 || status) exit(1);
}
static void *work(void *unused) {
  char *environment[] = {"PATH=/bin", NULL};
  for (int i = 0; i < each; i++) {
    job_desc_msg_t job; submit_response_msg_t *answer = NULL;
    slurm_init_job_desc_msg(&job);
    job.script = "#!/bin/sh\ntrue\n"; job.name = "latency"; job.work_dir = "/tmp"; job.std_out = "/dev/null";
    job.environment = environment; job.env_size = 1; job.user_id = getuid(); job.group_id = getgid(); job.priority = 0;
    double start = now();
    if (by_command) { sbatch(); printf("%.0f\n", (now() - start) * 1e6); continue; }
    if (slurm_submit_batch_job(&job, &answer)) { fprintf(stderr, "%s\n", slurm_strerror(slurm_get_errno())); exit(1); }
    printf("%.0f\n", (now() - start) * 1e6);
    slurm_free_submit_response_response_msg(answer);
  }
  return unused;
}
int main(int count, char **words) {
  int threads = atoi(words[2]); pthread_t all[64];
  each = atoi(words[1]) / threads; by_command = count > 3;
  slurm_init(NULL);
  for (int i = 0; i < threads; i++) pthread_create(&all[i], NULL, work, NULL);
  for (int i = 0; i < threads; i++) pthread_join(all[i], NULL);
  return 0;
}
