// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess

/// Starts programs that outlive this process.
enum Daemon {
  /// Starts `argv`, which begins with `cluster lab _enter`, with /dev/null as input and the log as output. That gives
  /// it a session of its own and closes whatever else is open.
  static func start(_ argv: [String], log: String) throws(AgentError) -> ProcessIdentity {
    try Files.makeDirectory((log as NSString).deletingLastPathComponent)
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o644)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    sigfillset(&signals)
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

    var pid: pid_t = 0
    var arguments = argv.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    let status = posix_spawnp(&pid, argv[0], &actions, &attributes, &arguments, environ)
    guard status == 0, let process = ProcessIdentity(running: pid) else {
      throw AgentError(
        .commandFailed, "\(argv[0]) could not be started",
        cause: status == 0 ? "it ended at once; see \(log)" : String(cString: strerror(status)),
        next: "Install it, or read \(log).")
    }
    return process
  }
}
