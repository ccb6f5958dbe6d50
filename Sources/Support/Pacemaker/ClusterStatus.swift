// SPDX-License-Identifier: Apache-2.0
import XML

/// The state of the cluster as crm_mon(8) 2.1 reports it: `crm_mon --one-shot --inactive --output-as=xml`.
package struct ClusterStatus: Hashable, Sendable {
  package struct Node: Hashable, Sendable {
    package var name: String
    package var online: Bool
    package var standby: Bool
    package var maintenance: Bool
    /// It has joined Corosync, and not yet Pacemaker.
    package var pending: Bool
    /// It failed, and has not been fenced yet.
    package var unclean: Bool
  }

  package struct Resource: Hashable, Sendable {
    package var id: String
    /// `ocf:cluster:service`.
    package var agent: String
    /// `Started`, `Stopped`, `Starting`, `Stopping`.
    package var role: String
    /// On some head, also while it starts or stops there.
    package var active: Bool
    package var managed: Bool
    package var failed: Bool
    package var blocked: Bool
    /// The role that an administrator asked for, such as `Stopped`.
    package var targetRole: String?
    package var nodes: [String]
  }

  package struct Failure: Hashable, Sendable {
    /// `nginx_monitor_3000`.
    package var operation: String
    package var node: String
    package var status: String
    package var reason: String

    package var resource: String? { operation.split(separator: "_").dropLast(2).joined(separator: "_") }
  }

  package var quorate: Bool
  package var stonithEnabled: Bool
  package var maintenance: Bool
  package var nodes: [Node]
  package var resources: [Resource]
  package var failures: [Failure]

  package init(parsing text: String) throws(XMLError) {
    let root = try XMLElement(parsing: text)
    guard root.name == "pacemaker-result", let summary = root.first("summary") else {
      throw XMLError(line: 1, column: 1, message: "this is not the status of a cluster")
    }
    quorate = summary.first("current_dc").map { $0["present"] == "true" && $0["with_quorum"] == "true" } ?? false
    let options = summary.first("cluster_options")
    stonithEnabled = options?["stonith-enabled"] == "true"
    maintenance = options?["maintenance-mode"] == "true"
    nodes = (root.first("nodes")?.elements ?? []).compactMap(Node.init)
    resources = (root.first("resources")?.all("resource") ?? []).compactMap(Resource.init)
    failures = (root.first("failures")?.elements ?? []).compactMap(Failure.init)
  }

  package func node(_ name: String) -> Node? { nodes.first { $0.name == name } }
  package func resource(_ id: String) -> Resource? { resources.first { $0.id == id } }

  /// Stopped after a failure, without anybody having asked for it.
  package func hasGivenUp(on resource: Resource) -> Bool {
    !resource.active && resource.managed && resource.targetRole != "Stopped"
      && (resource.failed || resource.blocked || failures.contains { $0.resource == resource.id })
  }
}

extension ClusterStatus.Node {
  fileprivate init?(_ element: XMLElement) {
    guard element.name == "node", let name = element["name"] else { return nil }
    self.name = name
    online = element["online"] == "true"
    standby = element["standby"] == "true" || element["standby_onfail"] == "true"
    maintenance = element["maintenance"] == "true"
    pending = element["pending"] == "true"
    unclean = element["unclean"] == "true"
  }
}

extension ClusterStatus.Resource {
  fileprivate init?(_ element: XMLElement) {
    guard let id = element.id else { return nil }
    self.id = id
    agent = element["resource_agent"] ?? ""
    role = element["role"] ?? "Unknown"
    active = element["active"] == "true"
    managed = element["managed"] == "true"
    failed = element["failed"] == "true"
    blocked = element["blocked"] == "true"
    targetRole = element["target_role"]
    nodes = element.elements.filter { $0.name == "node" }.compactMap { $0["name"] }
  }
}

extension ClusterStatus.Failure {
  fileprivate init?(_ element: XMLElement) {
    guard element.name == "failure", let operation = element["op_key"], let node = element["node"] else { return nil }
    self.operation = operation
    self.node = node
    status = element["exitstatus"] ?? ""
    reason = element["exitreason"] ?? ""
  }
}
