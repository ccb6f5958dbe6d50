// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import Auditing
import ClusterModel
import Foundation
import Reconciler

struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show the state of heads, service addresses, services and nodes, and the last run."
  )

  @OptionGroup var options: SiteOptions
  @OptionGroup var printing: OutputOptions
  @OptionGroup var simulation: SimulationOptions

  func validate() throws { try simulation.check(options) }

  func run() async throws {
    try await Failure.telling {
      let status = try await options.reaching(simulation) { try await $0.status() }
      switch printing.output {
      case .json: try options.print(json: status)
      case .text:
        options.print(StatusText.lines(status, now: Int(Date().timeIntervalSince1970)).joined(separator: "\n"))
      }
    }
  }
}

/// A status for a person to read: what is well in one line each, what is not with its reason.
enum StatusText {
  static func lines(_ status: StatusReport, now: Int) -> [String] {
    var lines = ["\(status.cluster) (\(status.site))", ""]
    lines += heads(status) + [""]
    lines += highAvailability(status) + [""]
    lines += services(status) + [""]
    lines += nodes(status, now: now) + [""]
    if !status.images.isEmpty { lines += images(status, now: now) + [""] }
    lines.append(lastRun(status, now: now))
    lines += status.leases.map(atWork)
    lines += status.unknownLeases.map { "At work   not known on \($0.head): \($0.reason)" }
    return lines
  }

  private static func heads(_ status: StatusReport) -> [String] {
    var table = Table()
    for head in status.heads {
      table.add(
        head.name, head.online ? "online" : "OFFLINE", head.role == .offline ? "" : head.role.rawValue,
        head.image ?? head.detail ?? "")
    }
    return ["Heads"] + table.lines()
  }

  private static func highAvailability(_ status: StatusReport) -> [String] {
    guard !status.ha.conditions.isEmpty else { return ["High availability  not described"] }
    var table = Table()
    for condition in status.ha.conditions {
      table.add(condition.ok ? "ok" : "NOT OK", condition.name, condition.detail)
    }
    return ["High availability  " + (status.ha.armed ? "armed" : "NOT ARMED")] + table.lines()
  }

  private static func services(_ status: StatusReport) -> [String] {
    var table = Table()
    for address in status.addresses {
      table.add(address.network, address.address, address.holder.map { "on \($0)" } ?? "HELD BY NO HEAD")
    }
    for service in status.services {
      let isRunning = service.state == "running"
      let isWell = service.report?.ok != false
      table.add(
        service.name, isRunning ? (isWell ? "running" : "RUNNING, NOT WELL") : service.state.uppercased(),
        service.head.map { "on \($0)" } ?? "", service.report?.detail ?? "")
    }
    return ["Service addresses and services"] + table.lines()
  }

  /// Ready nodes on one image are one line; every other node has its own, with the reason.
  private static func nodes(_ status: StatusReport, now: Int) -> [String] {
    guard !status.nodes.isEmpty else { return ["Nodes  none described"] }
    let ready = status.nodes.filter { $0.state == .ready && $0.detail == nil }
    var table = Table()
    for (image, group) in Dictionary(grouping: ready, by: { $0.image ?? "" }).sorted(by: { $0.key < $1.key }) {
      let names = HostlistText.fold(group.map { HostID($0.name) })
      let youngest = group.compactMap(\.since).max()
      table.add(
        names, "ready", image, "\(group.count) nodes, digest verified, " + (youngest.map { "up \(age($0, now))" } ?? "")
      )
    }
    for (what, group) in booting(status.nodes) {
      let since = group.compactMap(\.since).min().map { ", \(age($0, now)) ago" } ?? ""
      let left = group.compactMap(\.until).min().map { max(0, $0 - now) }.map { "; stuck after another \($0) s" } ?? ""
      let names = HostlistText.fold(group.map { HostID($0.name) })
      table.add(names, "BOOTING", group[0].image ?? "-", what + since + left)
    }
    let waiting = status.nodes.filter { $0.state == .waiting }
    if !waiting.isEmpty {
      let names = HostlistText.fold(waiting.map { HostID($0.name) })
      let whose = waiting.count == 1 ? "its MAC address" : "their MAC addresses"
      table.add(names, "WAITING", "-", "for \(whose): cluster discover --assign \(names)")
    }
    for node in status.nodes
    where !(node.state == .ready && node.detail == nil) && ![.booting, .waiting].contains(node.state) {
      table.add(node.name, node.state.rawValue.uppercased(), node.image ?? "-", node.detail ?? "")
    }
    let out = status.nodes.count { $0.state == .out }
    let up = status.nodes.count { $0.state == .ready }
    let heading =
      "Nodes  \(up) of \(status.nodes.count - out - waiting.count) ready" + (out == 0 ? "" : ", \(out) out")
      + (waiting.isEmpty ? "" : ", \(waiting.count) waiting")
    return [heading] + table.lines()
  }

  private static func images(_ status: StatusReport, now: Int) -> [String] {
    var table = Table()
    for image in status.images {
      table.add(image.name, "packages of \(image.asOf)", "\(age(image.asOf.unix, now)) ago")
    }
    return ["Images"] + table.lines()
  }

  /// Nodes on their way up, by how far they are.
  private static func booting(_ nodes: [StatusReport.Node]) -> [(what: String, nodes: [StatusReport.Node])] {
    struct Progress: Hashable { var image: String?, what: String }
    let groups = Dictionary(grouping: nodes.filter { $0.state == .booting }) { node in
      Progress(image: node.image, what: node.detail ?? "on its way")
    }
    return groups.map { ($0.key.what, $0.value) }.sorted { ($0.nodes[0].name, $0.what) < ($1.nodes[0].name, $1.what) }
  }

  private static func atWork(_ lease: StatusReport.HostLease) -> String {
    let since = lease.seconds.map { "for \($0) s" } ?? "now"
    let unconfirmed = lease.unconfirmed.map { "; \($0) is not confirmed yet" } ?? ""
    return "At work   \(lease.run) of \(lease.holder) on \(lease.head) \(since), lease for another "
      + "\(lease.secondsLeft) s\(unconfirmed)"
  }

  private static func lastRun(_ status: StatusReport, now: Int) -> String {
    guard let run = status.lastRun else { return "Last run  none yet: cluster apply" }
    return
      "Last run  \(run.id)  \(run.result)  \(age(run.at, now)) ago  commit \(run.commit.prefix(12)) on cluster/history"
  }

  static func age(_ moment: Int, _ now: Int) -> String {
    AgeText.words(now - moment)
  }
}

/// Where the record is kept besides here, in words.
enum CopiesText {
  /// One line for those that have it all, one for each that had runs of its own, a warning for each that lacks some.
  static func lines(_ copies: [HistoryCopy]) -> [String] {
    let current = copies.filter(\.isCurrent).map(\.name)
    let line = current.isEmpty ? [] : ["The record is also on \(current.joined(separator: ", "))."]
    return line + copies.filter { !$0.taken.isEmpty }.map(taken) + copies.filter { !$0.isCurrent }.map(warning)
  }

  /// The next plan may remove what these runs have put in place: its reader has to know whose they are.
  private static func taken(_ copy: HistoryCopy) -> String {
    let (few, rest) = (copy.taken.prefix(5), copy.taken.count - 5)
    return "From \(copy.name) the record takes over \(copy.taken.count == 1 ? "a run" : "\(copy.taken.count) runs"): "
      + few.joined(separator: ", ") + (rest > 0 ? " and \(rest) more." : ".")
  }

  private static func warning(_ copy: HistoryCopy) -> String {
    let since = copy.behindSince.map {
      ", since \(Date(timeIntervalSince1970: TimeInterval($0)).formatted(.iso8601))"
    }
    let lacks =
      copy.behind == 0
      ? "could not be asked for the record" : "lacks \(copy.behind) of the record's commits\(since ?? "")"
    return "warning: \(copy.name) \(lacks)" + (copy.problem.map { ": \($0)" } ?? "")
      + "\n  next: \(copy.next ?? "The next run brings them.")"
  }
}
