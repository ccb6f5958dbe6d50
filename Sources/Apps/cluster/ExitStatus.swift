// SPDX-License-Identifier: Apache-2.0
import ArgumentParser

/// How the program ends: the only place where its statuses are given numbers. Scripts depend on them.
enum ExitStatus: Int32, CaseIterable {
  case converged = 0
  case error = 1
  case changes = 2
  case rolledBack = 3
  case partial = 4
  case lockHeld = 5
  case refused = 6
  /// sysexits.h(3head), EX_USAGE: what the argument parser ends with.
  case usage = 64

  var meaning: String {
    switch self {
    case .converged: "success; for apply: everything is as described, verified after the run"
    case .error: "an error; the message says what to do next"
    case .changes: "plan --detailed-exitcode: there are changes to make"
    case .rolledBack: "a change would have cut off a host, so the host has undone it"
    case .partial: "some steps were not done, or the run was stopped"
    case .lockHeld: "another run is in progress"
    case .refused: "not allowed, not confirmed, or the plan is out of date; nothing was changed"
    case .usage: "invalid command line"
    }
  }

  var code: ExitCode { ExitCode(rawValue) }

  /// For `--help`, one status to a line.
  static var table: String {
    "Exit status:\n"
      + allCases.map { "  \($0.rawValue)\($0.rawValue < 10 ? " " : "")  \($0.meaning)" }.joined(separator: "\n")
  }
}
