// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// The only code that looks at a host and changes it. It always works on the machine that it runs on.
package struct Agent: Host {
  package let id: HostID

  let leases: LeaseStore
  let deadMan: DeadManSwitch

  package init(id: HostID, leases: LeaseStore = LeaseStore(), deadMan: DeadManSwitch = DeadManSwitch()) {
    self.id = id
    self.leases = leases
    self.deadMan = deadMan
  }

  package func answer(_ probes: [Probe], secrets: Secrets) async throws(AgentError) -> [Probe: Answer] {
    async let facts = SharedFacts.gather(for: probes)
    let others = await answers(probes.filter { !$0.sharesFacts }, secrets, SharedFacts())
    return await others.merging(answers(probes.filter(\.sharesFacts), secrets, facts)) { first, _ in first }
  }

  private func answers(_ probes: [Probe], _ secrets: Secrets, _ facts: SharedFacts) async -> [Probe: Answer] {
    await withTaskGroup(of: (Probe, Answer).self) { group in
      var waiting = probes.makeIterator()
      var answers: [Probe: Answer] = [:]
      func startNext() {
        guard let probe = waiting.next() else { return }
        group.addTask { (probe, await answer(probe, secrets, facts)) }
      }
      // Most probes wait for a program; more than this only makes them wait for each other.
      for _ in 0..<8 { startNext() }
      while let (probe, answer) = await group.next() {
        answers[probe] = answer
        startNext()
      }
      return answers
    }
  }

  package func operations() async throws(AgentError) -> Set<String> { Set(AgentCatalog.operations.names) }

  package func perform(
    _ operation: AnyOperation, secrets: Secrets, run: RunToken, progress: @escaping @Sendable (String) -> Void
  ) async throws(AgentError) -> Outcome {
    try await holding(run) { () throws(AgentError) in
      // When a connection was lost, its agent may still be at this very operation: wait for it, then find it done.
      let turn = try await OperationTurn.taken(for: operation, progress)
      defer { withExtendedLifetime(turn) {} }
      return try await performGuarded(operation, run, OperationContext(secrets: secrets, progress: progress))
    }
  }

  package func close() async {}

  private func answer(_ probe: Probe, _ secrets: Secrets, _ facts: SharedFacts) async -> Answer {
    do throws(AgentError) {
      return switch probe {
      case .system: try await probeSystem()
      case .file(let path, let contents): try await probeFile(path: path, contents: contents)
      case .secretFile(let path, let secret): try await probeSecretFile(path: path, secret: secret, secrets)
      case .tree(let root): try await probeTree(root: root)
      case .packages(let names): try await probePackages(names, facts)
      case .unit(let name, let configuration):
        try await probeUnit(name: name, configuration: configuration, facts)
      case .links: try await probeLinks()
      case .image(let name, let digest): try await probeImage(name: name, digest: digest)
      case .clone(let head): try await probeClone(head: head)
      case .corosync: try await probeCorosync()
      case .cib: try await probeCIB()
      case .storedCIB: try probeStoredCIB()
      case .crmMon: try await probeCrmMon()
      case .fencing(let head): try await probeFencing(head: head)
      case .nodeReports: try await probeNodeReports()
      case .power(let bmc): try await probePower(bmc, secrets)
      }
    } catch {
      return .failed(error)
    }
  }
}
