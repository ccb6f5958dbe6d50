// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import SpecForms
import Wings

struct PowerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "power", abstract: "Switch heads and nodes on and off through their BMCs, or show their power.",
    discussion: """
      The active head gives the orders, at most as many at once as `power: { at_once: }` says. What is switched is shown \
      first, and recorded like a run of `cluster apply`.

      \(ExitStatus.table)
      """,
    subcommands: [PowerOnCommand.self, PowerOffCommand.self, PowerCycleCommand.self, PowerStatusCommand.self])
}

/// A verb of `cluster power` that switches machines.
private protocol PowerOrder: AsyncParsableCommand {
  static var action: PowerErrand.Action { get }
  var machines: String { get }
  var errand: ErrandOptions { get }
}

extension PowerOrder {
  func validate() throws {
    _ = try MachinesArgument.names(machines)
    try errand.check()
  }

  func run() async throws {
    let names = try MachinesArgument.names(machines)
    try await errand.carryOut { run, _ in PowerErrand(Self.action, names, token: run) }
  }
}

struct PowerOnCommand: PowerOrder {
  static let action = PowerErrand.Action.on
  static let configuration = CommandConfiguration(commandName: "on", abstract: "Switch machines on.")
  @Argument(help: MachinesArgument.help) var machines: String
  @OptionGroup var errand: ErrandOptions
}

struct PowerOffCommand: PowerOrder {
  static let action = PowerErrand.Action.off
  static let configuration = CommandConfiguration(
    commandName: "off", abstract: "Switch machines off. What runs on them ends without notice.")
  @Argument(help: MachinesArgument.help) var machines: String
  @OptionGroup var errand: ErrandOptions
}

struct PowerCycleCommand: PowerOrder {
  static let action = PowerErrand.Action.cycle
  static let configuration = CommandConfiguration(
    commandName: "cycle", abstract: "Switch machines off and on again; one that is off is switched on.")
  @Argument(help: MachinesArgument.help) var machines: String
  @OptionGroup var errand: ErrandOptions
}

struct PowerStatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show which machines are on, as their BMCs say. Changes nothing.")

  @Argument(help: "Heads and nodes, as a hostlist: node[01-16]. Default: all that have a BMC.")
  var machines: String?

  @OptionGroup var options: SiteOptions
  @OptionGroup var printing: OutputOptions
  @OptionGroup var simulation: SimulationOptions

  func validate() throws {
    if let machines { _ = try MachinesArgument.names(machines) }
    try simulation.check(options)
  }

  private struct Printed: Encodable { var machines: [PowerReport.Row] }

  func run() async throws {
    let report = try await Failure.telling {
      try await options.reaching(simulation) { reconciler in
        let names = try machines.map(MachinesArgument.names) ?? PowerSwitches.all(in: reconciler.cluster)
        let sight = try await reconciler.look(PowerReport.questions(names))
        do throws(ErrandRefusal) { return try PowerReport(names, sight) } catch {
          throw Failure("\(error.what): \(error.why)", next: error.next)
        }
      }
    }
    switch printing.output {
    case .json: try options.print(json: Printed(machines: report.rows))
    case .text: options.print(Self.text(report))
    }
  }

  /// Machines of one state in one line; each that is unknown with the reason.
  static func text(_ report: PowerReport) -> String {
    var table = Table()
    for power in ["on", "off"] {
      let names = report.rows.filter { $0.power == power }.map { HostID($0.name) }
      if !names.isEmpty { table.add(power, HostlistText.fold(names), "\(names.count)") }
    }
    for row in report.rows where row.power == "unknown" {
      table.add("UNKNOWN", row.name, row.reason ?? "")
      if let next = row.next { table.add("", "", "next: \(next)") }
    }
    return (["Power"] + table.lines()).joined(separator: "\n")
  }
}

/// The machines that a command names.
enum MachinesArgument {
  static let help = ArgumentHelp("Heads and nodes, as a hostlist: node[01-16] or node1,node2.", valueName: "hostlist")

  static func names(_ text: String) throws -> [HostID] {
    switch Hostlist.parse(text) {
    case .value(let list):
      var seen: Set<HostID> = []
      return list.expanded().filter { seen.insert($0).inserted }
    case .wrong(let detail, let help, _, _, _): throw ValidationError("\(detail) \(help)")
    }
  }
}
