// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// A machine that can be looked at and changed: the only two things there are to do with one.
///
/// The real agent over SSH, the real agent in this process, and the simulator's fake all conform.
package protocol Host: Sendable {
  var id: HostID { get }

  /// Answers every probe, with `.failed` for those it cannot tell. Changes nothing.
  /// Throws only when the host itself cannot be asked.
  func answer(_ probes: [Probe], secrets: Secrets) async throws(AgentError) -> [Probe: Answer]

  /// Does one operation, or finds that it is done already. Refused for a stale generation or without the lease.
  func perform(
    _ operation: Operation, secrets: Secrets, run: RunToken, progress: @escaping @Sendable (String) -> Void
  ) async throws(AgentError) -> Outcome

  /// The newest generation that this host has seen, and who holds the lease.
  func lease() async throws(AgentError) -> LeaseState

  /// Takes or renews the lease for a run. Refused while another run's lease is alive.
  func claim(_ run: RunToken) async throws(AgentError)

  /// Gives the lease back, if it is this run's.
  func release(_ run: RunToken) async throws(AgentError)

  /// Ends the connection. A later call fails with `.connectionLost`.
  func close() async
}

/// The run on whose behalf something is done. Agents refuse a generation older than the newest they have seen.
package struct RunToken: Hashable, Codable, Sendable {
  package var run: String
  package var generation: Int
  /// `user@machine pid 123`.
  package var holder: String
  /// The lease ends this long after it was last claimed or used.
  package var leaseSeconds: Int

  package init(run: String, generation: Int, holder: String, leaseSeconds: Int = 60) {
    self.run = run
    self.generation = generation
    self.holder = holder
    self.leaseSeconds = leaseSeconds
  }
}

package struct LeaseState: Hashable, Codable, Sendable {
  package var newestGeneration: Int
  /// Nil when no lease is alive.
  package var holder: RunToken?
  package var secondsLeft: Int

  package init(newestGeneration: Int, holder: RunToken?, secondsLeft: Int) {
    self.newestGeneration = newestGeneration
    self.holder = holder
    self.secondsLeft = secondsLeft
  }
}

/// The bytes of secrets, for one request. Its description never shows them.
package struct Secrets: Sendable, Codable, CustomStringConvertible, CustomDebugStringConvertible {
  private var values: [SecretRef: [UInt8]]
  package init(_ values: [SecretRef: [UInt8]] = [:]) { self.values = values }
  package subscript(_ ref: SecretRef) -> [UInt8]? { values[ref] }
  package var description: String { "\(values.count) secrets" }
  package var debugDescription: String { description }
}

/// Where the machine that runs `cluster` keeps secrets.
package protocol SecretStore: Sendable {
  /// Nil when there is no such secret. Never creates one.
  func value(_ ref: SecretRef) throws(AgentError) -> [UInt8]?
  /// The secret, made from random bytes when it does not exist yet and is one that we generate.
  func valueMakingIfGenerated(_ ref: SecretRef) throws(AgentError) -> [UInt8]?
}
