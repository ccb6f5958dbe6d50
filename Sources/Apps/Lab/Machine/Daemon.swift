// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess

/// Starts programs that outlive this process.
enum Daemon {
  /// Starts `argv`, which begins with `cluster lab _enter`, with /dev/null as input and the log as output. That gives
  /// it a session of its own and closes whatever else is open.
  static func start(_ argv: [String], log: String) throws(AgentError) -> LabProcess {
    try LabFiles.makeDirectory((log as NSString).deletingLastPathComponent)
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
    guard status == 0, let process = LabProcess(running: pid) else {
      throw AgentError(
        .commandFailed, "\(argv[0]) could not be started",
        cause: status == 0 ? "it ended at once; see \(log)" : String(cString: strerror(status)),
        next: "Install it, or read \(log).")
    }
    return process
  }
}

/// Runs a program that writes to this process's own output, for as long as it takes.
enum Foreground {
  /// The exit status, or 128 plus the signal.
  static func run(_ argv: [String]) throws(AgentError) -> Int32 {
    var pid: pid_t = 0
    var arguments = argv.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    let status = posix_spawnp(&pid, argv[0], nil, nil, &arguments, environ)
    guard status == 0 else {
      throw AgentError(
        .commandFailed, "\(argv[0]) could not be started", cause: String(cString: strerror(status)),
        next: "Install the package that provides \(argv[0]).")
    }
    var code: Int32 = 0
    while waitpid(pid, &code, 0) < 0 && errno == EINTR {}
    return code & 0x7f == 0 ? code >> 8 & 0xff : 128 + (code & 0x7f)
  }

  /// Becomes another program. Returns only to say why it could not.
  static func become(_ argv: [String]) -> AgentError {
    guard let program = argv.first else {
      return AgentError(.invalid, "There is no program to run", next: "Give a program to run.")
    }
    var arguments = argv.map { strdup($0) } + [nil]
    execvp(program, &arguments)
    return AgentError(
      .commandFailed, "\(program) could not be run", cause: String(cString: strerror(errno)),
      next: "Install the package that provides \(program).")
  }
}

/// A process that cannot be mistaken for a later one with the same number.
struct LabProcess: Hashable, Codable, Sendable {
  var pid: pid_t
  /// Clock ticks since boot, field 22 of proc_pid_stat(5).
  var started: UInt64

  init(pid: pid_t, started: UInt64) {
    self.pid = pid
    self.started = started
  }

  /// The identity, or nil where there is no such process or it only waits to be reaped.
  init?(running pid: pid_t) {
    guard let stat = ProcessStat(running: { LabFiles.text("/proc/\(pid)/stat") }) else { return nil }
    self.init(pid: pid, started: stat.startedAt)
  }

  var isAlive: Bool { LabProcess(running: pid) == self }
}
