// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess

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
