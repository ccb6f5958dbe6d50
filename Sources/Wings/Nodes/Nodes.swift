// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import SpecForms

/// Every node, ready on its image.
package enum Nodes: Wing {
  package static let name = "nodes"
  package static let kinds: [AnyKind] = [AnyKind(NodesKind.self)]
  package static let probes: [any Probe.Type] = [
    NodeReportsProbe.self, NodeCommandProbe.self, UnnamedMachinesProbe.self, NodeBootsProbe.self,
  ]
  package static let operations: [any HostOperation.Type] = [EnsureNode.self, EnsureCommandRun.self]
  package static let errands: [any Errand.Type] = [ExecErrand.self]
  package static let keys = [Provisioners.wingKey]

  package static func resources(
    _ cluster: Cluster, _ files: SiteFiles, _ published: Publications
  ) -> [Resource] {
    guard let first = cluster.nodesInService.first else { return [] }
    let servers = Netboot.otherServers(cluster)
    let images = published.images.mapValues { "\($0.name)/\($0.digest)" }
    let rows = cluster.nodesInService.compactMap { node -> NodesKind.Row? in
      guard let nic = cluster.bootNIC(of: node), let mac = nic.mac, let image = images[node.image] else { return nil }
      var row = NodesKind.Row(
        name: node.name, mac: mac, address: nic.address, bmc: node.bmc, boot: node.boot, image: image,
        server: servers[nic.network])
      row.arguments = node.boot.provisioner.arguments(of: node).tag
      row.checks = published.readyChecks.lists[node.name]?.tag
      return row
    }
    var desired = NodesKind.Desired(
      heads: cluster.heads.map(\.name), server: published.serviceAddress, nodes: rows,
      boots: Power.policy(cluster).boots)
    desired.advice = published.readyChecks.advice
    return [
      Resource(
        NodesKind.id, desired,
        because: "nodes run their image",
        source: first.source, after: cluster.heads.flatMap(before) + cluster.images.map { ImageKind.id($0.name) },
        mayComeAfter: [PacemakerConfigurationKind.id, NodeRefreshKind.id])
    ]
  }

  package static func contributions(_ cluster: Cluster) -> [ImageContribution] {
    Provisioners.users(in: cluster).flatMap { $0.way.contributions($0.nodes, in: cluster) }
  }

  package static func problems(_ cluster: Cluster) -> [Diagnostic] {
    Provisioners.users(in: cluster).flatMap { $0.way.problems($0.nodes, in: cluster) } + Disk.unusedRoots(cluster)
  }

  package static func notes(_ cluster: Cluster, _ inventory: Inventory) -> [String] {
    Provisioners.users(in: cluster).flatMap { $0.way.notes($0.nodes) } + waiting(cluster)
  }

  /// A node without its MAC address is in no step, so that a plan without steps would hide it.
  private static func waiting(_ cluster: Cluster) -> [String] {
    let waiting = cluster.nodes.filter { $0.state == .in && cluster.waitsForMAC($0) }.map(\.name)
    guard !waiting.isEmpty else { return [] }
    let names = HostlistText.fold(waiting)
    return [
      "\(names) \(waiting.count == 1 ? "waits for its MAC address" : "wait for their MAC addresses"), and does not "
        + "boot until then: switch it on, then `cluster discover --assign \(names)`."
    ]
  }

  /// A node boots when all that it meets on its way is in place: addresses, scripts, the services.
  private static func before(_ head: Head) -> [ResourceID] {
    [
      WellKnown.machineScripts(on: head.name), TreeKind.id(on: head.name, WellKnown.bootScripts),
      TreeKind.id(on: head.name, WellKnown.dhcpHosts), WellKnown.unit("dnsmasq.service", on: head.name),
      WellKnown.unit("nginx.service", on: head.name), HighAvailabilityBootstrapKind.id(on: head.name),
      NodeIdentitiesKind.id(on: head.name), BootSignaturesKind.id(on: head.name),
      NFSRootsKind.id(on: head.name),
    ]
  }
}

extension Nodes: StatusSection {
  package static func statusQuestions(_ cluster: Cluster) -> [Question] {
    cluster.heads.map { Question($0.name, NodeReportsProbe()) }
  }

  package static func tell(_ report: inout StatusReport, _ cluster: Cluster, _ inventory: Inventory) {
    let heard = Heard(cluster, inventory)
    let ready = ReadyChecks(cluster)
    report.nodes = cluster.nodes.map { node in
      if node.state == .out {
        return .init(name: node.name.name, state: .out, image: nil, since: nil, detail: "left alone: `state: out`")
      }
      if cluster.waitsForMAC(node) {
        return .init(
          name: node.name.name, state: .waiting, image: nil, since: nil,
          detail: "waits for its MAC address: cluster discover --assign \(node.name)")
      }
      guard let mac = node.nics.lazy.compactMap(\.mac).first(where: { heard.newest[$0] != nil }),
        let newest = heard.newest[mac]
      else {
        return .init(
          name: node.name.name, state: heard.unknown == nil ? .silent : .unknown, image: nil, since: nil,
          detail: heard.unknown ?? "never reported to a head that answers")
      }
      let wanted = ready.lists[node.name].map { NodeReadiness(tag: $0.tag, advice: ready.advice ?? [:]) }
      return describe(node, newest, wanted, now: inventory.observedAt)
    }
  }

  /// Reports of nodes, as the heads have heard them.
  private struct Heard {
    var newest: [MACAddress: NodeReport] = [:]
    /// Why nothing is known of those that no head has heard. Nil: a head has told what it has heard.
    var unknown: String? = "no head answers"

    init(_ cluster: Cluster, _ inventory: Inventory) {
      let answers = Answers(inventory, uninstalled: [])
      var isTold = false
      for head in inventory.hosts.keys.sorted() {
        do throws(Unreadable) {
          for report in try answers.answer(head, NodeReportsProbe()) ?? [] {
            newest[report.mac] = newest[report.mac]?.joined(with: report) ?? report
          }
          isTold = true
        } catch {
          if case .failed(_, let error) = error { unknown = "\(head) cannot tell: \(error)" }
        }
      }
      if isTold { unknown = nil }
    }
  }

  private static func describe(
    _ node: ComputeNode, _ report: NodeReport, _ wanted: NodeReadiness?, now: Int
  ) -> StatusReport.Node {
    let (age, since) = (report.age, now.minus(report.age))
    let address = node.nics.first { $0.mac == report.mac }?.address
    let elsewhere = report.elsewhere.flatMap { other in address.map(other.words) }
    func made(_ state: StatusReport.Node.State, since: Int, _ detail: String?) -> StatusReport.Node {
      .init(name: node.name.name, state: state, image: report.image, since: since, detail: detail)
    }
    switch report.stage {
    case .elsewhere: return made(.silent, since: since, elsewhere ?? "only others report for it")
    case .ready where age <= report.silentAfter:
      let moved = report.isAt(anotherThan: address) ? report.address.map { "has \($0), not its address" } : nil
      let posed = (report.elsewhere?.age ?? .max) <= NodeReport.lately ? elsewhere : nil
      // One that has passed other checks gets the newest with the next run.
      let doubt = wanted?.doubt(report.checked).flatMap { $0 == .other ? nil : $0 }
      // Units that failed, by its own word.
      let detail = [
        doubt?.words, report.verified ? nil : "image not verified", moved, report.quoted, posed,
        doubt.map { wanted?.advice($0) ?? $0.order(node.name) },
      ].compactMap(\.self)
      return made(
        doubt == nil ? .ready : .unready, since: since.minus(report.uptime ?? 0),
        detail.isEmpty ? nil : detail.joined(separator: "; "))
    case .ready:
      let words = ["last heard from \(age) s ago; check its console", elsewhere].compactMap(\.self)
      return made(.silent, since: since, words.joined(separator: "; "))
    case .failed:
      return made(.failed, since: since, report.quoted ?? "its image did not match its digest")
    case .powered where report.isSwitchedOff:
      return made(.off, since: since, "switched off \(age) s ago, and not heard since")
    case .powered, .dhcp, .script, .image:
      var booting = made(.booting, since: since, report.stage.rawValue)
      guard let stage = node.boot.stage(report.stage) else { return booting }
      booting.until = since.plus(stage.patience)
      booting.detail = age <= stage.patience ? stage.words : "\(stage.words), and nothing since. \(stage.advice)"
      return booting
    }
  }
}
