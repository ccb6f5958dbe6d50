// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import TestKit
import Testing

/// What the gate has slurmctld do when it is told to end, with a small program that waits as slurmctld does.
@Suite(.timeLimit(.minutes(5))) struct EndingTests {
  /// Threads that look once a minute whether they are to end, and a main thread that takes the signal and joins them.
  private static let program = """
    #include "ending.h"
    #include <pthread.h>
    #include <signal.h>
    #include <stdio.h>
    #include <time.h>
    #include <unistd.h>
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
    static volatile bool ends;
    static void *waits(void *unused) {
      struct timespec limit;
      pthread_mutex_lock(&lock);
      while (!ends) {
        clock_gettime(CLOCK_REALTIME, &limit);
        limit.tv_sec += 60;
        pthread_cond_timedwait(&never, &lock, &limit);
      }
      pthread_mutex_unlock(&lock);
      return unused;
    }
    static void *sleeps(void *unused) {
      while (!ends) sleep(60);
      return unused;
    }
    int main(void) {
      sigset_t set;
      int number;
      pthread_t one, two, three;
      sigemptyset(&set);
      sigaddset(&set, SIGTERM);
      pthread_sigmask(SIG_BLOCK, &set, NULL);
      arm_ending();
      pthread_create(&one, NULL, waits, NULL);
      pthread_create(&two, NULL, sleeps, NULL);
      pthread_create(&three, NULL, waits, NULL);
      fprintf(stderr, "waiting\\n");
      sigwait(&set, &number);
      usleep(200 * 1000);
      ends = true;
      pthread_join(one, NULL);
      pthread_join(two, NULL);
      pthread_join(three, NULL);
      usleep(500 * 1000);
      fprintf(stderr, "ended; a later sleep leaves %u\\n", sleep(1));
      return 0;
    }

    """

  @Test func nobodyIsWaitedForWhoLooksFromTimeToTime() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "ending-\(UUID())").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let source = folder + "/program.c"
    try Self.program.write(toFile: source, atomically: true, encoding: .utf8)
    let gate = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources/CommitGate")
      .standardizedFileURL.path
    try await Command.checked(
      "clang",
      ["-std=gnu17", "-Wall", "-Werror", "-I", gate, "-o", "\(folder)/program", source, "\(gate)/ending.c"],
      next: "Install clang: it comes with Swift.")
    let run = try RunningProgram("\(folder)/program", [])
    try await run.says("waiting")

    // Its threads would go on for a minute.
    let killed = Task {
      try await Task.sleep(for: .seconds(30))
      run.send(SIGKILL)
    }
    run.send(SIGTERM)
    let status = try await run.ended()
    killed.cancel()

    #expect(status == 0, "128 + 9: it was still waiting after 30 s")
    // Somebody may count seconds in the order of his own end.
    #expect(run.text.contains("ended; a later sleep leaves 0"), "\(run.text)")
  }
}
