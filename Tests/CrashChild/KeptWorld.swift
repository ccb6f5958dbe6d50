// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import Simulator
import Wings

/// Machines in memory that survive this process: every call that changed one is in a file before it is answered, and
/// the next process makes them again from that.
final class KeptWorld: Sendable {
  private enum Call: Codable {
    case perform(AnyOperation, Secrets, RunToken)
    case confirm(PendingChange.ID, RunToken)
    case claim(RunToken)
    case release(RunToken)
    /// So many seconds went by.
    case passed(Int)
  }

  private struct Entry: Codable {
    var host: HostID
    var call: Call
  }

  let cluster: FakeCluster
  private let file: Int32
  private let turn = Turn()

  init(_ described: Cluster, path: String) async throws {
    cluster = FakeCluster(FakeWorld(described))
    file = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw CocoaError(.fileWriteUnknown) }
    // A line that was cut by the end of the process was never answered.
    let kept = ((try? Data(contentsOf: URL(filePath: path))) ?? Data()).split(separator: UInt8(ascii: "\n"))
    let decoder = JSONDecoder()
    decoder.userInfo = OperationCatalog.all.userInfo
    for line in kept {
      guard let entry = try? decoder.decode(Entry.self, from: line) else { break }
      // What failed then fails again.
      _ = try? await answer(entry)
    }
  }

  deinit { close(file) }

  func host(_ id: HostID) -> any ManagedHost { KeptHost(world: self, fake: cluster.host(id)) }

  @discardableResult
  private func answer(_ entry: Entry) async throws(AgentError) -> Outcome {
    let host = cluster.host(entry.host)
    switch entry.call {
    case .perform(let operation, let secrets, let run):
      return try await host.perform(operation, secrets: secrets, run: run) { _ in }
    case .confirm(let change, let run): return try await host.confirm(change, run: run)
    case .claim(let run): try await host.claim(run)
    case .release(let run): try await host.release(run)
    case .passed(let seconds): await cluster.change { $0.now += seconds }
    }
    return Outcome(changed: false, detail: "")
  }

  /// One call after the other, so that the file has them in the order in which they took effect.
  private func keep(_ host: HostID, _ call: Call) async throws(AgentError) -> Outcome {
    await turn.take()
    let entry = Entry(host: host, call: call)
    let result: Result<Outcome, AgentError>
    do throws(AgentError) { result = .success(try await answer(entry)) } catch { result = .failure(error) }
    var line = (try? Array(JSONEncoder().encode(entry))) ?? []
    line.append(UInt8(ascii: "\n"))
    let written = line.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
    await turn.give()
    guard written == line.count else { throw AgentError(.diskFull, "the world is not kept", next: "Make room.") }
    return try result.get()
  }

  private struct KeptHost: ManagedHost {
    let world: KeptWorld
    let fake: FakeHost
    var id: HostID { fake.id }

    func answer(_ probes: [AnyProbe], secrets: Secrets) async throws(AgentError) -> [AnyProbe: AnyAnswer] {
      try await fake.answer(probes, secrets: secrets)
    }

    func operations() async throws(AgentError) -> Set<String> { try await fake.operations() }

    func perform(
      _ operation: AnyOperation, secrets: Secrets, run: RunToken,
      progress: @escaping @Sendable (String) -> Void
    ) async throws(AgentError) -> Outcome { try await world.keep(id, .perform(operation, secrets, run)) }

    func confirm(_ change: PendingChange.ID, run: RunToken) async throws(AgentError) -> Outcome {
      try await world.keep(id, .confirm(change, run))
    }

    /// Whoever waits for a lease or a change to end asks again and again: meanwhile time goes by.
    func lease() async throws(AgentError) -> LeaseState {
      let state = try await fake.lease()
      if state.holder != nil || state.pending != nil { _ = try await world.keep(id, .passed(35)) }
      return state
    }

    func claim(_ run: RunToken) async throws(AgentError) { _ = try await world.keep(id, .claim(run)) }
    func release(_ run: RunToken) async throws(AgentError) { _ = try await world.keep(id, .release(run)) }
    func close() async {}
  }
}

/// One at a time, in the order in which they ask.
actor Turn {
  private var isTaken = false
  private var waiting: [CheckedContinuation<Void, Never>] = []

  func take() async {
    if isTaken { await withCheckedContinuation { waiting.append($0) } }
    isTaken = true
  }

  func give() {
    if waiting.isEmpty { isTaken = false } else { waiting.removeFirst().resume() }
  }
}
