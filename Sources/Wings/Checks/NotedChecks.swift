// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Results of checks as those see them that need them, by machine: there may be thousands.
package struct NotedChecks: Sendable {
  private struct Results: Sendable {
    /// The result on each machine; of several one that has not passed.
    var byMachine: [HostID: CheckResult] = [:]
    /// The first one that has not passed.
    var bad: CheckResult?
  }

  private var results: [CheckID: Results] = [:]

  package init() {}

  package mutating func note(_ check: CheckID, _ results: [CheckResult]) {
    var noted = Results()
    for result in results {
      if result.status != .passed { noted.bad = noted.bad ?? result }
      if noted.byMachine[result.machine]?.status ?? .passed == .passed { noted.byMachine[result.machine] = result }
    }
    self.results[check] = noted
  }

  /// The reason why something is not run on these machines: what it needs did not pass there, or, where it has no
  /// results there, anywhere. Nil: it is run.
  package func obstacle(_ machines: [HostID], needs: [CheckID]) -> String? {
    for need in needs {
      guard let noted = results[need] else { return "needs \(need), which was not run" }
      let own = machines.compactMap { noted.byMachine[$0] }
      guard let bad = own.isEmpty ? noted.bad : own.first(where: { $0.status != .passed }) else { continue }
      switch bad.status {
      case .failed: return "needs \(need), which failed on \(bad.place)"
      case .skipped: return "needs \(need), which was skipped on \(bad.place)"
      case .unknown, .passed: return "needs \(need), which could not be run on \(bad.place)"
      }
    }
    return nil
  }
}
