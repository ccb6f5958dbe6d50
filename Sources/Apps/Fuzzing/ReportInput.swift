// SPDX-License-Identifier: Apache-2.0
import AgentServer
import ClusterModel
import HostAccess
import Planning
import SpecReading
import Wings

/// Any bytes of a boot log are reports of described machines alone, the same however they are cut; and what a plan says
/// of them moves no cursor.
enum ReportInput {
  private static let now = 1_800_000_000
  private static let head = HostID("head1")
  private static let description = """
    version: 1
    cluster: alps
    domain: alps.example.org
    networks:
      private: { cidr: 10.1.0.0/16, gateway: 10.1.0.254, dns: [10.1.0.254], serves: [dhcp, dns, boot] }
    heads: { head1: { nics: { eth0: { network: private, address: 10.1.0.1 } } } }
    images: { compute: { release: debian/bookworm, kernel: linux-image-amd64 } }
    nodes:
      - names: node[1-2]
        image: compute
        boot: stateless
        nics: { eth0: { network: private, address: 10.1.1.1+, mac: 52:54:00:11:00:01+ } }
    access: { ssh: { user: root } }

    """
  private static let cluster: Cluster = {
    let reading = SpecReader.read(Array(description.utf8), file: "cluster.yaml", keys: WingCatalog.keys)
    guard let cluster = reading.cluster else { preconditionFailure("\(reading.diagnostics)") }
    return cluster
  }()
  private static let names = NodeNames(cluster)
  private static let desired: NodesKind.Desired = {
    let nodes = Expansion.expand(cluster, SiteFiles()).first { $0.id == NodesKind.id }?.desired
    guard let nodes = nodes as? NodesKind.Desired else { preconditionFailure("no nodes are wanted") }
    return nodes
  }()
  private static let addresses = Dictionary(uniqueKeysWithValues: desired.nodes.map { ($0.mac, $0.address) })
  private static let reservations = desired.nodes.map { "\($0.mac),\($0.name),\($0.address),15m\n" }.joined()

  static func check(_ bytes: [UInt8]) {
    let reports = BootLog.reports(in: [bytes[...]], reservations, now: now)
    // The first byte draws where the log is cut.
    let cut = max(1, Int(bytes.first ?? 1) % 23)
    precondition(BootLog.reports(in: pieces(bytes, cut), reservations, now: now) == reports, "other news in pieces")
    for report in reports { check(report) }
    for reason in reasons(reports) + NodeReportsProbe().explained(reports, names) {
      precondition(!reason.visibleLine.unicodeScalars.contains(where: isControl), "control characters: \(reason)")
    }
  }

  private static func check(_ report: NodeReport) {
    guard let address = addresses[report.mac] else { preconditionFailure("a machine that nobody described") }
    precondition(report.age >= 0 && (report.uptime ?? 0) >= 0, "a time before it began: \(report)")
    let isSaid = report.stage == .ready || report.stage == .failed
    precondition(!isSaid || report.address == address, "\(report.stage) from another address")
    precondition(report.elsewhere != nil || report.stage != .elsewhere, "news from nowhere")
    let answer = [AnyProbe(NodeReportsProbe()): AnyAnswer(NodeReportsProbe.self, [report])]
    precondition(Inventory.Host.answered(answer) == .answered(answer), "a report that is not itself")
  }

  /// The reasons that the steps for these nodes give.
  private static func reasons(_ reports: [NodeReport]) -> [String] {
    let inventory = Inventory(
      hosts: [head: .knowing((AnyProbe(NodeReportsProbe()), AnyAnswer(NodeReportsProbe.self, reports)))],
      observedAt: now)
    do throws(Unreadable) {
      let answers = Answers(inventory, uninstalled: [])
      let actual = try NodesKind.interpret(NodesKind.id, desired, answers)
      let context = PlanContext(answers: answers, activeHead: head, changing: [], now: now)
      return try NodesKind.steps(NodesKind.id, desired, actual, context).map(\.because)
    } catch { preconditionFailure("reports cannot be planned with: \(error)") }
  }

  private static func pieces(_ bytes: [UInt8], _ size: Int) -> [ArraySlice<UInt8>] {
    stride(from: 0, to: bytes.count, by: size).map { bytes[$0..<min($0 + size, bytes.count)] }
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: true
    default: scalar.properties.isBidiControl
    }
  }
}
