// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import Foundation
import Reconciler
import Wings

struct NodeShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show all that is known of a node: described, observed, and its last boots.",
    discussion: """
      A node that stands still says why as far as the evidence goes, and what to check. Heads are asked, and its BMC for \
      its power; nothing is changed.
      """)

  @Argument(help: "A node of the description.", completion: NodesArgument.completion) var node: String
  @OptionGroup var options: SiteOptions
  @OptionGroup var printing: OutputOptions
  @OptionGroup var simulation: SimulationOptions

  func validate() throws {
    try simulation.check(options)
    guard try NodesArgument.names(node).count == 1 else {
      throw ValidationError("Name one node. `cluster status` shows them all.")
    }
  }

  func run() async throws {
    let sheet = try await Failure.telling {
      let name = try NodesArgument.names(node)[0]
      return try await options.reaching(simulation) { reconciler in
        let sight = try await reconciler.look(NodeSheet.questions(name))
        do throws(ErrandRefusal) { return try NodeSheet(name, sight) } catch {
          throw Failure("\(error.what): \(error.why)", next: error.next)
        }
      }
    }
    switch printing.output {
    case .json: try options.print(json: sheet)
    case .text: options.print(NodeText.lines(sheet, now: Int(Date().timeIntervalSince1970)).joined(separator: "\n"))
    }
  }
}

/// A node for a person to read.
enum NodeText {
  static func lines(_ sheet: NodeSheet, now: Int) -> [String] {
    [sheet.name, ""] + described(sheet.described) + [""] + observed(sheet.observed, now: now) + [""]
      + boots(sheet.boots, now: now)
  }

  private static func described(_ node: NodeSheet.Described) -> [String] {
    var table = Table()
    table.add("image", node.image + (node.boot == "stateless" ? "" : ", boots by \(node.boot)"))
    if node.state != "in" { table.add("state", node.state) }
    for card in node.cards {
      let mac = card.mac ?? (card.boots ? "no MAC address yet" : "found by its name")
      table.add(card.name, "\(card.address) on \(card.network), \(mac)" + (card.boots ? ", boots by it" : ""))
    }
    if let bmc = node.bmc {
      table.add("bmc", "\(bmc.address), \(bmc.protocol), user \(bmc.user)" + (bmc.mac.map { ", \($0)" } ?? ""))
    }
    if !node.kernelArguments.isEmpty { table.add("kernel_args", node.kernelArguments.joined(separator: " ")) }
    if !node.sets.isEmpty { table.add("sets", node.sets.joined(separator: ", ")) }
    return ["Described  \(node.group)"] + table.lines()
  }

  private static func observed(_ node: NodeSheet.Observed, now: Int) -> [String] {
    var table = Table()
    let since = node.status.since.map { ", since \(AgeText.words(max(0, now - $0)))" } ?? ""
    table.add("stage", node.status.state.rawValue + (node.status.image.map { " on \($0)" } ?? "") + since)
    if let detail = node.status.detail { table.add(node.status.state == .ready ? "says" : "why", detail) }
    if let until = node.status.until, until >= now { table.add("until", "stuck after another \(until - now) s") }
    if let power = node.power { table.add("power", power.power + (power.reason.map { ": \($0)" } ?? "")) }
    for check in node.checks { table.add("check", check) }
    if !node.silent.isEmpty { table.add("silent", node.silent.joined(separator: ", ") + " did not tell of its boots") }
    return ["Observed"] + table.lines()
  }

  private static func boots(_ boots: [NodeBoot], now: Int) -> [String] {
    guard !boots.isEmpty else { return ["Last boots  none that a head remembers"] }
    var table = Table()
    for boot in boots {
      let steps = boot.steps.map { "\($0.stage.rawValue) \($0.after == 0 ? "" : "+\($0.after) s")".trimmedEnd }
      let ending = boot.ending == .unfinished || boot.ending == .off ? "  \(boot.ending.rawValue)" : ""
      let words = boot.detail.flatMap { $0 == NodeReport.off ? nil : "  it says “\($0.visibleLine)”" } ?? ""
      table.add(
        "\(AgeText.words(max(0, now - boot.began))) ago", steps.joined(separator: ", ") + ending + words,
        boot.image ?? "")
    }
    return ["Last boots"] + table.lines()
  }
}
