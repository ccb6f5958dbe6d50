// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// All that is known of one node: what is described, what was observed a moment ago, and its last boots.
package struct NodeSheet: Codable, Sendable {
  package struct Card: Codable, Sendable {
    package var name: String
    package var network: String
    /// `10.1.1.1/16`.
    package var address: String
    package var mac: String?
    /// Whether it boots by this card.
    package var boots: Bool
  }

  package struct Controller: Codable, Sendable {
    package var address: String
    package var `protocol`: String
    package var user: String
    package var mac: String?
  }

  package struct Described: Codable, Sendable {
    /// `cluster.yaml:30`.
    package var group: String
    package var image: String
    package var boot: String
    package var state: String
    package var cards: [Card]
    package var bmc: Controller?
    package var kernelArguments: [String]
    package var sets: [String]

    private enum CodingKeys: String, CodingKey {
      case group, image, boot, state, cards, bmc, sets
      case kernelArguments = "kernel_args"
    }
  }

  package struct Observed: Codable, Sendable {
    package var status: StatusReport.Node
    /// `on`, `off` or `unknown`. Null: it has no BMC.
    package var power: PowerReport.Row?
    /// Things to check, in this order. Empty: nothing is amiss.
    package var checks: [String]
    /// Heads that did not answer.
    package var silent: [String]
  }

  package var name: String
  package var described: Described
  package var observed: Observed
  /// The newest first.
  package var boots: [NodeBoot]

  /// As many boots are told.
  private static let most = 5

  package static func questions(_ name: HostID) -> @Sendable (ErrandSight) -> [Question] {
    { sight in
      let node = sight.cluster.nodes.first { $0.name == name }
      let mac = node.flatMap { sight.cluster.bootNIC(of: $0)?.mac }
      let boots = mac.map { mac in sight.cluster.heads.map { Question($0.name, NodeBootsProbe(mac)) } } ?? []
      return Nodes.statusQuestions(sight.cluster) + boots + PowerReport.questions([name])(sight)
    }
  }

  package init(_ name: HostID, _ sight: ErrandSight) throws(ErrandRefusal) {
    let cluster = sight.cluster
    guard let node = cluster.nodes.first(where: { $0.name == name }) else {
      let isHead = cluster.head(name) != nil
      throw ErrandRefusal(
        "\(name) is not shown", because: isHead ? "it is a head" : "the description has no such node",
        next: isHead ? "`cluster status` shows heads." : "Name a node of the description.")
    }
    var report = StatusReport(cluster: cluster.name, site: "", lastRun: nil)
    Nodes.tell(&report, cluster, sight.inventory)
    let status = report.nodes.first { $0.name == name.name }
    let power = node.bmc == nil ? nil : try PowerReport([name], sight).rows.first
    var (moments, silent): ([BootMoment], [String]) = ([], [])
    if let mac = cluster.bootNIC(of: node)?.mac {
      for head in cluster.heads.map(\.name) {
        do throws(Unreadable) { moments += try sight.answers.answer(head, NodeBootsProbe(mac)) ?? [] } catch {
          silent.append(head.name)
        }
      }
    }
    self.name = name.name
    described = Described(node, cluster)
    let seen = status ?? .init(name: name.name, state: .unknown, image: nil, since: nil, detail: nil)
    observed = Observed(
      status: seen, power: power, checks: Self.checks(seen, node, power?.power, now: sight.inventory.observedAt),
      silent: silent)
    boots = Array(NodeBoot.boots(moments, now: sight.inventory.observedAt).prefix(Self.most))
  }

  /// The next things to look at, as far as the evidence goes.
  private static func checks(
    _ status: StatusReport.Node, _ node: ComputeNode, _ power: String?, now: Int
  ) -> [String] {
    let network = "See what it meets on its way: `cluster doctor net`."
    switch status.state {
    case .ready, .out, .waiting: return []
    case .off: return ["Switch it on: `cluster power on \(node.name)`."]
    case .unknown: return ["See why the heads do not answer: `cluster status`."]
    case .unready: return ["All of its checks: `cluster test --on \(node.name)`."]
    case .failed:
      let image = "Its image on the active head: its SHA-256 must match its manifest."
      return [node.boot.provisioner.failureAdvice ?? image, network]
    case .booting where status.until.map({ $0 >= now }) ?? true: return []
    case .booting:
      // Its stage says what to check: see `BootStage`.
      return power == "off" ? ["It is off: `cluster power on \(node.name)`."] : [network]
    case .silent where power == "off": return ["It is off: `cluster power on \(node.name)`."]
    case .silent:
      let isOn = power == "on" ? "It is on, as its BMC says. " : "Its power, which nobody can tell from here. "
      return [isOn + "Its console, its cable, and that it starts from the network first.", network]
    }
  }
}

extension NodeSheet.Described {
  fileprivate init(_ node: ComputeNode, _ cluster: Cluster) {
    let own = cluster.bootNIC(of: node)
    group = "\(node.source.file):\(node.source.line)"
    (image, boot, state) = (node.image, node.boot.rawValue, node.state.rawValue)
    cards = node.nics.map { nic in
      let prefix = cluster.network(nic.network).map { "/\($0.cidr.prefix)" } ?? ""
      return .init(
        name: nic.name, network: nic.network, address: "\(nic.address)\(prefix)", mac: nic.mac?.description,
        boots: nic.name == own?.name)
    }
    bmc = node.bmc.map {
      .init(
        address: $0.address.description, protocol: $0.protocol.rawValue, user: $0.user,
        mac: node.bmcMAC?.description)
    }
    kernelArguments = node.kernelArguments.words
    sets = cluster.sets.filter { $0.isOn(in: node.image) }.map(\.name)
  }
}
