// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Auditing
import Foundation
import HostAccess
import ClusterModel
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
