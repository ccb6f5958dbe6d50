// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import Wings

/// Nodes that each need a boot file on the head and then a boot: two resources a node, in chains.
struct SyntheticSite {
  static let head: HostID = "head1"
  static let catalog = [BootFileKind.name: AnyKind(BootFileKind.self)]

  let desired: [Resource]
  /// The head has none of the files, or all of them.
  let nothing: Inventory
  let everything: Inventory

  init(nodes: Int) {
    var desired: [Resource] = []
    desired.reserveCapacity(2 * nodes)
    var present: [AnyProbe: AnyAnswer] = [:]
    var absent: [AnyProbe: AnyAnswer] = [:]
    for number in 0..<nodes {
      let script = ResourceID(BootFileKind.name, on: Self.head, "/srv/cluster/http/ipxe/node\(number).ipxe")
      let reservation = ResourceID(BootFileKind.name, on: Self.head, "/etc/cluster/dhcp-hosts/node\(number)")
      let source = SourceSpan(file: "cluster.yaml", line: number, column: 1, endLine: number, endColumn: 9)
      desired.append(Resource(script, BootFileKind.Desired(text: "a\(number)"), because: "boot", source: source))
      desired.append(
        Resource(
          reservation, BootFileKind.Desired(text: "b\(number)"), because: "DHCP", source: source, after: [script]))
    }
    for resource in desired {
      let probe = AnyProbe(FileProbe(resource.id.name))
      absent[probe] = AnyAnswer(FileProbe.self, .absent)
      let text = (resource.desired as? BootFileKind.Desired)?.text ?? ""
      let facts = FileFacts(
        digest: "", size: text.utf8.count, mode: 0o644, owner: "root", group: "root", contents: text, managed: true)
      present[probe] = AnyAnswer(FileProbe.self, .file(facts))
    }
    let links = AnyProbe(LinksProbe())
    (present[links], absent[links]) = (AnyAnswer(LinksProbe.self, []), AnyAnswer(LinksProbe.self, []))
    self.desired = desired
    nothing = Inventory(hosts: [Self.head: .answered(absent)], observedAt: 0)
    everything = Inventory(hosts: [Self.head: .answered(present)], observedAt: 0)
  }
}

/// A file on the head, as small as a kind can be, so that what is measured is the planner.
enum BootFileKind: ResourceKind {
  struct Desired: DesiredState { var text: String }

  static let name = "boot-file"
  static let removalRank = 20

  static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] {
    id.host.map { [Question($0, FileProbe(id.name))] } ?? []
  }

  static func interpret(_ id: ResourceID, _ desired: Desired, _ answers: Answers) throws(Unreadable) -> String? {
    guard let host = id.host,
      case .file(let facts) = try answers.answer(host, FileProbe(id.name))
    else { return nil }
    return facts.contents
  }

  static func steps(
    _ id: ResourceID, _ desired: Desired, _ actual: String?, _ context: PlanContext
  ) throws(Unreadable) -> [StepDraft] {
    guard let host = id.host, actual != desired.text else { return [] }
    let goal = FileGoal(path: id.name, contents: .text(desired.text))
    return [StepDraft("write", on: host, EnsureFile(goal), because: "it differs")]
  }

  static func removal(_ id: ResourceID, _ previous: Desired, _ actual: String, _ context: PlanContext) -> [StepDraft] {
    id.host.map { [StepDraft("remove", on: $0, EnsureFileAbsent(path: id.name), because: "nothing asks for it")] }
      ?? []
  }
}
