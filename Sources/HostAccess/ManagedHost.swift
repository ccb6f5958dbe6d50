// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import FoundationEssentials

/// A machine that can be looked at and changed: the only two things there are to do with one. The other calls say who
/// may change it, and that a change has not cut it off.
///
/// The real agent over SSH, the real agent in this process, and the simulator's fake all conform.
package protocol ManagedHost: Sendable {
  var id: HostID { get }

  /// Answers every probe, with `.failed` for those it cannot tell. Changes nothing.
  /// Throws only when the host itself cannot be asked.
  func answer(_ probes: [AnyProbe], secrets: Secrets) async throws(AgentError) -> [AnyProbe: AnyAnswer]

  /// The names of the operations that it can do: those that its agent was built with.
  func operations() async throws(AgentError) -> Set<String>

  /// Does one operation, or finds that it is done already. Refused for a stale generation or without the lease.
  func perform(
    _ operation: AnyOperation, secrets: Secrets, run: RunToken, progress: @escaping @Sendable (String) -> Void
  ) async throws(AgentError) -> Outcome

  /// Confirms a change that can cut the way to the host, so that it stays. Asked over a connection made for this, which
  /// proves that the host can still be reached.
  ///
  /// - Returns: what the change did; the same again when it was confirmed before.
  /// - Throws: `.rolledBack` when the host has undone it, `.conflict` while it is being done or undone, `.notFound`
  ///   when it was never begun there.
  func confirm(_ change: PendingChange.ID, run: RunToken) async throws(AgentError) -> Outcome

  /// The newest generation that this host has seen, and who holds the lease.
  func lease() async throws(AgentError) -> LeaseState

  /// Takes or renews the lease for a run. Refused while another run's lease is alive.
  func claim(_ run: RunToken) async throws(AgentError)

  /// Gives the lease back, if it is this run's.
  func release(_ run: RunToken) async throws(AgentError)

  /// Ends the connection. A later call fails with `.connectionLost`.
  func close() async
}

extension ManagedHost {
  /// The answer to a single probe.
  package func answer<P: Probe>(_ probe: P, secrets: Secrets = Secrets()) async throws(AgentError) -> P.Answer {
    guard let answer = try await answer([AnyProbe(probe)], secrets: secrets)[AnyProbe(probe)] else { throw .unanswered }
    return try answer.value(of: P.self)
  }
}

extension AgentError {
  package static let unanswered = AgentError(
    .invalid, "The agent gave no answer to this probe", next: "Report this as a bug.")
}

/// The run on whose behalf something is done. Agents refuse a generation older than the newest they have seen.
package struct RunToken: Hashable, Codable, Sendable {
  package var run: String
  package var generation: Int
  /// `user@machine pid 123`.
  package var holder: String
  /// The lease ends this long after it was last claimed or used.
  package var leaseSeconds: Int
  /// A change that can cut the way to a host is undone when it is not confirmed within this time.
  package var confirmSeconds: Int
  /// The holder's process, so that its machine can tell whether it still runs. Nil where it is not known.
  package var process: ProcessIdentity?

  package init(
    run: String, generation: Int, holder: String, leaseSeconds: Int = 60, confirmSeconds: Int = 60,
    process: ProcessIdentity? = nil
  ) {
    self.run = run
    self.generation = generation
    self.holder = holder
    self.leaseSeconds = leaseSeconds
    self.confirmSeconds = confirmSeconds
    self.process = process
  }

  /// Hosts keep tokens on their disks: one of an older version lacks what came later.
  package init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    run = try values.decode(String.self, forKey: .run)
    generation = try values.decode(Int.self, forKey: .generation)
    holder = try values.decode(String.self, forKey: .holder)
    leaseSeconds = try values.decode(Int.self, forKey: .leaseSeconds)
    confirmSeconds = try values.decodeIfPresent(Int.self, forKey: .confirmSeconds) ?? 60
    process = try values.decodeIfPresent(ProcessIdentity.self, forKey: .process)
  }
}

extension RunToken {
  /// The name of the run without that of its round: `RUN` of `RUN.2`.
  package var base: Substring { run[..<(run.utf8.firstIndex(of: UInt8(ascii: ".")) ?? run.endIndex)] }

  /// The next round of the same run, `RUN.2` after `RUN`. Its generation is newer, so that hosts refuse what is still
  /// on its way for the round before.
  package var next: RunToken {
    var next = self
    let number = run.dropFirst(base.count + 1)
    next.run = "\(base).\((Int(number) ?? 1) + 1)"
    next.generation += 1
    return next
  }
}

package struct LeaseState: Hashable, Codable, Sendable {
  package var newestGeneration: Int
  /// The run that holds the lease, or nil when none is alive.
  package var holder: RunToken?
  package var secondsLeft: Int
  /// How long its holder has had it.
  package var heldSeconds: Int?
  /// A change that waits to be confirmed.
  package var pending: PendingChange?

  package init(
    newestGeneration: Int, holder: RunToken?, secondsLeft: Int, heldSeconds: Int? = nil, pending: PendingChange? = nil
  ) {
    self.heldSeconds = heldSeconds
    self.newestGeneration = newestGeneration
    self.holder = holder
    self.secondsLeft = secondsLeft
    self.pending = pending
  }
}

/// The bytes of secrets, for one request. Its description never shows them.
package struct Secrets: Sendable, Codable, CustomStringConvertible, CustomDebugStringConvertible {
  private var values: [SecretRef: [UInt8]]
  package init(_ values: [SecretRef: [UInt8]] = [:]) { self.values = values }
  package subscript(_ ref: SecretRef) -> [UInt8]? { values[ref] }

  package init(from decoder: any Decoder) throws {
    let named = try decoder.singleValueContainer().decode([String: [UInt8]].self)
    values = Dictionary(uniqueKeysWithValues: named.map { (SecretRef($0), $1) })
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(Dictionary(uniqueKeysWithValues: values.map { ($0.name, $1) }))
  }

  package var description: String { "\(values.count) secrets" }
  package var debugDescription: String { description }
}

/// Where the machine that runs `cluster` keeps secrets.
package protocol SecretStore: Sendable {
  /// The secret, or nil when there is none by that name. Never creates one.
  func value(_ ref: SecretRef) throws(AgentError) -> [UInt8]?
  /// The secret, made from random bytes when it does not exist yet and is one that we generate.
  func valueMakingIfGenerated(_ ref: SecretRef) throws(AgentError) -> [UInt8]?
}

extension AgentError {
  package static func missing(_ secret: SecretRef) -> AgentError {
    AgentError(
      .notFound, "\(secret) does not exist",
      next: "Write its value to the file \(secret.name) in the secrets folder, readable only by you (mode 0600).")
  }
}

extension PendingChange.ID {
  /// Unique, because a run does one operation at most once on one host.
  package init(run: String, operation: AnyOperation) throws(AgentError) {
    self.init(text: String(SHA256.hex("\(run) \(try operation.steadyText)").prefix(16)))
  }
}

extension AnyOperation {
  /// All that it says, in the same words in every process: a dictionary lists its members in another order in each.
  package var steadyText: String {
    get throws(AgentError) {
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      do { return String(decoding: try encoder.encode(self), as: UTF8.self) } catch {
        throw AgentError(.invalid, "\(name) cannot be encoded", cause: "\(error)", next: "Report this as a bug.")
      }
    }
  }
}
