// SPDX-License-Identifier: Apache-2.0
import Auditing
import ClusterModel
import Execution
import Foundation
import HostAccess
import Wings

extension Reconciler {
  /// Ways to all heads, over SSH; the journal beside the description, and its git repository. Nothing is connected yet:
  /// a host connects when it is first asked.
  package static func connecting(
    site: Site, specification: Specification, cluster: Cluster, by: String
  ) throws(ReconcileError) -> Reconciler {
    let runDirectory = try makeRunDirectory()
    let history = try repository(of: site)
    var hosts: [HostID: SSHHost] = [:]
    // Those first that vouch for others.
    for head in cluster.heads.filter({ $0.cloneOf == nil }) + cluster.heads.filter({ $0.cloneOf != nil }) {
      let original = head.cloneOf.flatMap { hosts[$0] }
      let way = site.sshConfiguration == nil ? way(to: head, cluster) : nil
      hosts[head.name] = SSHHost(
        id: head.name, target: head.name.name, hostName: way.map { "\($0.address)" },
        formerHostName: { way.flatMap { formerAddress(of: head.name, $0.name, history, site) }.map(\.description) },
        otherHostNames: head.nics.map { "\($0.address)" },
        voucher: { await key(of: head.name, from: original) }, user: cluster.access.user,
        configuration: site.sshConfiguration?.path, agent: site.agent.path,
        catalog: .all, runDirectory: runDirectory.path, blobs: specification.blobs)
    }
    return Reconciler(
      site: site, specification: specification, cluster: cluster, hosts: hosts,
      secrets: DirectorySecretStore(directory: site.secrets.path), journal: JournalOnDemand(path: site.journal.path),
      processes: .machine, history: history,
      copies: HistoryCopies(
        folder: site.folder.path, site: site.id, by: by,
        heads: Dictionary(uniqueKeysWithValues: hosts.map { ($0.key.name, $0.value) })), by: by,
      clock: ContinuousClock(),
      now: { Int(Date().timeIntervalSince1970) })
  }

  /// The host key of a clone, which its original has made. Nil: it has not, or does not answer.
  private static func key(of clone: HostID, from original: SSHHost?) async -> String? {
    let probe = HeadClones.keyProbe(of: clone)
    let answers = try? await original?.answer([probe], secrets: Secrets())
    return answers?[probe].flatMap(HeadClones.key(in:))
  }

  private static func repository(of site: Site) throws(ReconcileError) -> AuditRepository {
    do { return try AuditRepository(folder: site.folder.path) } catch { throw .audit(error) }
  }

  /// Closes the connections, however the body ends.
  package func closing<Value: Sendable>(
    _ body: () async throws(ReconcileError) -> Value
  ) async throws(ReconcileError) -> Value {
    let result: Result<Value, ReconcileError>
    do throws(ReconcileError) { result = .success(try await body()) } catch { result = .failure(error) }
    await withTaskGroup(of: Void.self) { group in
      for host in hosts.values { group.addTask { await host.close() } }
    }
    return try result.get()
  }

  /// An administrator's machine is on the public side; a network with a gateway is the one that can be reached from
  /// there.
  private static func way(to head: Head, _ cluster: Cluster) -> NIC? {
    head.nics.first { cluster.network($0.network)?.gateway != nil } ?? head.nics.first
  }

  /// The address that the newest run left the head with on an interface, or on the one that had a gateway then: it is
  /// there until a run has given it the one that is described now.
  private static func formerAddress(
    of head: HostID, _ interface: String, _ history: AuditRepository, _ site: Site
  ) -> IPv4Address? {
    // A record that cannot be read is told of by whoever makes the plan.
    let managed = try? history.managed(Links.kind, on: head, site: site.id, catalog: KindCatalog.all)
    return Links.address(of: interface, in: managed ?? [])
  }

  /// Sockets of ssh's connections: private, and short enough for a socket's path (108 bytes, unix(7)).
  private static func makeRunDirectory() throws(ReconcileError) -> URL {
    var template = Array("/tmp/cluster-XXXXXX".utf8CString)
    guard let path = mkdtemp(&template) else {
      throw .host(
        AgentError(
          .permission, "no folder could be made in /tmp", cause: String(cString: strerror(errno)),
          next: "Free some space in /tmp, and check that this user may write there."))
    }
    return URL(fileURLWithPath: String(cString: path))
  }
}

extension Reconciler {
  /// Refuses a plan that needs an operation which the agent on its host cannot do: half a run is worse than none.
  ///
  /// A host that does not answer is left to the run, which knows what to do without it.
  func checkAgents(_ plan: Plan) async throws(ReconcileError) {
    var needed: [HostID: Set<String>] = [:]
    for step in plan.steps { needed[step.host, default: []].insert(step.operation.name) }
    for (id, names) in needed.sorted(by: { $0.key < $1.key }) {
      guard let known = try? await hosts[id]?.operations() else { continue }
      let unknown = names.subtracting(known).sorted()
      guard unknown.isEmpty else {
        throw .host(
          AgentError(
            .protocolMismatch, "The agent on \(id) cannot do \(unknown.joined(separator: ", ")), and nothing was done",
            next: "It is of another version: put the `cluster-agent` that was built with this `cluster` beside it."))
      }
    }
  }
}
