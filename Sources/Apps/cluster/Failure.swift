// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Auditing
import ClusterModel
import Foundation
import HostAccess
import Reconciler

/// A command that cannot go on: what happened, and what to do next.
struct Failure: Error {
  var message: String
  var next: String
  var status: ExitStatus

  init(_ message: String, next: String, status: ExitStatus = .error) {
    self.message = message
    self.next = next
    self.status = status
  }

  init(_ error: ReconcileError) {
    self.init("\(error)", next: error.next, status: Self.status(of: error))
  }

  init(_ error: AgentError) {
    self.init("\(error)", next: error.next)
  }

  /// Says it on standard error, and gives the status to end with.
  func told() -> ExitCode {
    Terminal.note("error: \(message)\n  next: \(next)")
    return status.code
  }

  private static func status(of error: ReconcileError) -> ExitStatus {
    if error.isLeaseHeld { return .lockHeld }
    return error.isRefusal ? .refused : .error
  }

  /// Runs a command's body; every failure is told with what to do next.
  static func telling<Value>(_ body: () async throws -> Value) async throws -> Value {
    do { return try await body() } catch let failure as Failure { throw failure.told() } catch let error
      as ReconcileError
    { throw Failure(error).told() } catch let error as AgentError { throw Failure(error).told() } catch let error
      as AuditError
    {
      throw Failure("\(error)", next: error.next).told()
    }
  }
}

/// How the program ends: the only place where its statuses are given numbers. Scripts depend on them.
enum ExitStatus: Int32, CaseIterable {
  case converged = 0
  case error = 1
  case changes = 2
  case rolledBack = 3
  case partial = 4
  case lockHeld = 5
  case refused = 6
  case checks = 7
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
    case .checks: "test, doctor: a check failed, or could not be run"
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
