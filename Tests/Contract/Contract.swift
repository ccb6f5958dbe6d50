// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Testing
import Wings

/// What every host does, real or fake. Each case leaves the host as it found it, and works in places of its own.
package struct Contract: Sendable, CustomTestStringConvertible {
  package let name: String
  package let check: @Sendable (ContractHost) async throws -> Void

  package var testDescription: String { name }

  package static let all: [Contract] =
    files + trees + secrets + identities + signatures + packages + units + network + clones + runs + deadMan + checks
}

/// A host with a run that holds its lease.
package struct ContractHost: Sendable {
  static let secret = SecretRef("contract/password")
  static let other = SecretRef("contract/other")
  package static let secrets = Secrets([
    secret: Array("correct horse".utf8), other: Array("battery staple".utf8),
    .nodeIdentities: Array("the key of the contract's site".utf8),
  ])

  let host: any ManagedHost
  let run: RunToken
  let secrets: Secrets
  /// Lets a little time pass, the host's own.
  let tick: @Sendable () async throws -> Void
  /// Lets the host believe that it has installed a head. Nil: it is told by writing its note.
  let note: (@Sendable (CloneRecord) async throws -> Void)?

  init(
    host: any ManagedHost, run: RunToken, secrets: Secrets = Self.secrets,
    tick: @escaping @Sendable () async throws -> Void
  ) {
    self.host = host
    self.run = run
    self.secrets = secrets
    self.tick = tick
    note = nil
  }

  private init(
    _ host: any ManagedHost, _ secrets: Secrets, _ tick: @escaping @Sendable () async throws -> Void,
    _ note: (@Sendable (CloneRecord) async throws -> Void)?
  ) async throws {
    self.host = host
    self.secrets = secrets
    self.tick = tick
    self.note = note
    let generation = try await host.lease().newestGeneration + 1
    // Nobody renews it while a case looks at whole images, or waits for a machine.
    run = RunToken(
      run: "contract-\(generation)", generation: generation, holder: "the contract suite", leaseSeconds: 300)
    try await host.claim(run)
  }

  /// Claims the host for a body, and gives it back however that ends.
  package static func using(
    _ host: any ManagedHost, secrets: Secrets = Self.secrets,
    tick: @escaping @Sendable () async throws -> Void = { try await Task.sleep(for: .milliseconds(200)) },
    note: (@Sendable (CloneRecord) async throws -> Void)? = nil,
    _ body: (ContractHost) async throws -> Void
  ) async throws {
    let held = try await ContractHost(host, secrets, tick, note)
    do { try await body(held) } catch {
      try await host.release(held.run)
      throw error
    }
    try await host.release(held.run)
  }

  /// Does an operation twice: the second time nothing is left to do.
  package func perform(_ operation: some HostOperation, sourceLocation: SourceLocation = #_sourceLocation) async throws
  {
    _ = try await once(operation)
    let again = try await once(operation)
    #expect(!again.changed, "\(AnyOperation(operation).name) again: \(again.detail)", sourceLocation: sourceLocation)
  }

  func once(_ operation: some HostOperation) async throws(AgentError) -> Outcome {
    let outcome = try await host.perform(AnyOperation(operation), secrets: secrets, run: run) { _ in }
    // A change of the way to the host is undone unless it is confirmed.
    guard let pending = outcome.pending else { return outcome }
    return try await host.confirm(pending.id, run: run)
  }

  /// The code of the error that an operation fails with.
  func failure(of operation: some HostOperation) async -> AgentError.Code? {
    do {
      _ = try await once(operation)
      return nil
    } catch { return error.code }
  }

  func ask<P: Probe>(_ probe: P) async throws -> P.Answer { try await host.answer(probe, secrets: secrets) }

  /// Asks until the answer is as awaited, which takes the host a while to come to; gives the last one.
  func ask<P: Probe>(_ probe: P, until holds: (P.Answer) throws -> Bool) async throws -> P.Answer {
    var answer = try await ask(probe)
    for _ in 0..<600 where try !holds(answer) {
      try await tick()
      answer = try await ask(probe)
    }
    return answer
  }

  func file(_ path: String) async throws -> FileFacts? {
    guard case .file(let facts) = try await ask(FileProbe(path)) else { return nil }
    return facts
  }

  func tree(_ root: String) async throws -> TreeState { try await ask(TreeProbe(root)) }

  func unit(_ name: String, _ configuration: [String] = []) async throws -> UnitState {
    try await ask(UnitProbe(name, configuration: configuration))
  }

  func packages(_ names: [String]) async throws -> [String: String] { try await ask(PackagesProbe(names)) }

  func links() async throws -> [LinkState] { try await ask(LinksProbe()) }
}

enum ContractFailure: Error { case otherAnswer }
