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

/// A description with as many nodes as wanted, in groups of a hundred, like racks.
enum SyntheticSpec {
  /// - Parameter limits: more keys of the description, a line each.
  static func text(nodes: Int, limits: String = "") -> [UInt8] {
    var text = head
    for group in 0..<(nodes + 99) / 100 {
      let first = group * 100
      let last = min(first + 99, nodes - 1)
      text += """
          - names: r\(group)n[00-\(last - first < 10 ? "0" : "")\(last - first)]
            image: compute
            boot: stateless
            nics:
              eth0: { network: private, address: \(address(10, 2, first))+, mac: "\(mac(first))+" }
            bmc: { address: \(address(10, 6, first))+, protocol: ipmi, user: admin, password: secret:bmc/nodes }

        """
    }
    return Array((text + tail + limits).utf8)
  }

  /// The name of the table beside `tabled`.
  static let table = "nodes.csv"

  /// The same nodes, by a table beside the description: what differs from node to node is in its rows.
  static func tabled(nodes: Int) -> (text: [UInt8], table: [UInt8]) {
    let group = """
        - table: \(table)
          image: compute
          boot: stateless
          nics: { eth0: { network: private } }
          bmc: { protocol: ipmi, user: admin, password: secret:bmc/nodes }

      """
    let rows = (0..<nodes).map { "n\($0),\(mac($0)),\(address(10, 2, $0)),\(address(10, 6, $0))\n" }
    return (Array((head + group + tail).utf8), Array(("name,mac,address,bmc\n" + rows.joined()).utf8))
  }

  private static func address(_ a: Int, _ b: Int, _ number: Int) -> String {
    let bits = number + 1
    return "\(a).\(b + bits >> 16).\(bits >> 8 & 255).\(bits & 255)"
  }

  private static func mac(_ number: Int) -> String {
    let octets = [0x52, 0x54, 0x10, number >> 16 & 255, number >> 8 & 255, number & 255]
    return octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
  }

  private static let head = """
    version: 1
    cluster: alps
    domain: alps.example.org
    timezone: Europe/Zurich
    networks:
      public: { cidr: 198.51.100.0/24, gateway: 198.51.100.1, dns: [198.51.100.1] }
      private: { cidr: 10.0.0.0/14, serves: [dhcp, dns, boot], dynamic: 10.1.250.1-10.1.250.99 }
      heartbeat: { cidr: 10.64.0.0/24 }
      bmc: { cidr: 10.4.0.0/14 }
    heads:
      head1:
        nics:
          eth0: { network: private, address: 10.1.0.1, mac: 52:54:00:01:00:01 }
          eth1: { network: public, address: 198.51.100.11, mac: 52:54:00:02:00:01 }
          eth2: { network: heartbeat, address: 10.64.0.1, mac: 52:54:00:03:00:01 }
        bmc: { address: 10.4.0.1, protocol: ipmi, user: admin, password: secret:bmc/head1 }
      head2:
        clone_of: head1
        nics:
          eth0: { network: private, address: 10.1.0.2, mac: 52:54:00:01:00:02 }
          eth1: { network: public, address: 198.51.100.12, mac: 52:54:00:02:00:02 }
          eth2: { network: heartbeat, address: 10.64.0.2, mac: 52:54:00:03:00:02 }
        bmc: { address: 10.4.0.2, protocol: ipmi, user: admin, password: secret:bmc/head2 }
    images:
      compute: { release: debian/bookworm, kernel: linux-image-amd64, install: [numactl] }
    nodes:

    """

  private static let tail = """
    ha:
      addresses: { public: 198.51.100.10, private: 10.1.0.10 }
      services: [dhcp, dns, boot]
      monitor: { every: 3s, timeout: 10s, restarts: 3 }
      failback: manual
      heartbeat: { links: [private, heartbeat], detect: 1s }
      fencing: { via: bmc }
    access:
      ssh: { user: root }

    """
}
