// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import Planning
import Reconciler
import SpecReading
import Wings

struct DiscoverCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "discover", abstract: "List machines that have booted from the heads and have no name yet.",
    discussion: """
      A machine that the description does not name waits at the network until it has a name. It shows here with its MAC
      address, and what its firmware says of it; anybody on the boot network can say that, so compare serial numbers.
      With --assign its MAC address is written into the description, where the node is described without one; `cluster \
      plan` shows what follows, and after `cluster apply` the machine goes on by itself.

      cluster discover --assign node017
      cluster discover --assign node[001-032] --in-order

      \(ExitStatus.table)
      """)

  @Option(
    help: ArgumentHelp("Write down which nodes the machines are, as a hostlist.", valueName: "hostlist"),
    completion: NodesArgument.completion)
  var assign: String?

  @Flag(help: "With --assign: several machines are the nodes in the order in which they were first heard.")
  var inOrder = false

  @Option(
    help: ArgumentHelp(
      "With --assign: the machines by their MAC addresses, in the order of the nodes.", valueName: "mac,…"))
  var mac: String?

  @OptionGroup var change: ChangeOptions
  @OptionGroup var options: SiteOptions
  @OptionGroup var printing: OutputOptions
  @OptionGroup var simulation: SimulationOptions

  func validate() throws {
    try simulation.check(options)
    if let assign {
      _ = try NodesArgument.names(assign)
      if options.simulate { throw ValidationError("Machines in memory have no MAC addresses to write down.") }
    } else if inOrder || mac != nil || change.dryRun {
      throw ValidationError("--in-order, --mac and --dry-run are for --assign.")
    }
    if inOrder, mac != nil { throw ValidationError("--mac gives an order already: leave --in-order out.") }
    _ = try macs()
  }

  private func macs() throws -> [MACAddress]? {
    try mac?.split(separator: ",").map { text in
      guard let mac = MACAddress(text) else {
        throw ValidationError("`\(String(text).visibleLine)` is not a MAC address.")
      }
      return mac
    }
  }

  private struct Printed: Encodable { var machines: [UnnamedMachine] }

  func run() async throws {
    let found = try await Failure.telling {
      try await options.reaching(simulation) { reconciler in
        let found = UnnamedMachines(try await reconciler.look(UnnamedMachines.questions))
        // One that answers is enough to see something, and not to see that there is nothing.
        if found.machines.isEmpty, let (head, error) = found.silent.first {
          throw Failure("\(head) cannot tell which machines have booted: \(error)", next: error.next)
        }
        return found
      }
    }
    if assign != nil { return try await Failure.telling { try writeDown(found) } }
    switch printing.output {
    case .json: try options.print(json: Printed(machines: found.machines))
    case .text: options.print(Self.text(found))
    }
  }

  private func writeDown(_ found: UnnamedMachines) throws {
    let names = try NodesArgument.names(assign ?? "")
    let chosen: [UnnamedMachine]
    do throws(ErrandRefusal) {
      chosen = try found.chosen(for: names, macs: try? macs(), inOrder: inOrder)
    } catch {
      Terminal.note(Self.text(found))
      throw Failure("\(error.what): \(error.why)", next: error.next, status: .refused)
    }
    let change = try DescriptionChange(options)
    guard let cluster = change.before.cluster else { throw ExitCode.failure }
    let assigned = try zip(names, chosen).map { name, machine in
      NodeEditing.Assignment(name, .init(.mac(card: try Self.card(of: name, cluster)), "\(machine.mac)"))
    }
    let rows = zip(names, chosen).map { name, machine in
      let what = [machine.maker, machine.product, machine.serial].filter { !$0.isEmpty }.joined(separator: " ")
      return DescriptionChange.Row(
        node: name.name, change: "assigned", key: "mac", value: "\(machine.mac)" + (what.isEmpty ? "" : "  (\(what))"))
    }
    try change.carryOut(rows, self.change, printing.output) { (editing, text) throws(EditRefusal) in
      try editing.set(assigned, in: text)
    }
  }

  /// The card that a node boots by, which waits for its MAC address.
  private static func card(of name: HostID, _ cluster: Cluster) throws -> String {
    guard let node = cluster.nodes.first(where: { $0.name == name }) else {
      throw Failure(
        "the description has no node \(name)", next: "Describe it first: `cluster node add \(name)`.", status: .refused)
    }
    guard let card = cluster.bootNIC(of: node) else {
      throw Failure("\(name) has no card on a network that boots", next: "Describe one.", status: .refused)
    }
    if let mac = card.mac {
      throw Failure(
        "\(name) is a machine already: its \(card.name) has \(mac)",
        next: "If that machine was replaced: `cluster node set \(name) mac=` first.", status: .refused)
    }
    return card.name
  }

  static func text(_ found: UnnamedMachines) -> String {
    var table = Table()
    for machine in found.machines {
      let words = [machine.maker, machine.product].filter { !$0.isEmpty }.joined(separator: " ")
      table.add(
        "\(machine.mac)", words.isEmpty ? "-" : words, machine.serial.isEmpty ? "-" : machine.serial,
        "heard \(AgeText.words(machine.lastHeard)) ago, first \(AgeText.words(machine.firstHeard)) ago")
    }
    let silent = found.silent.map { "\($0.head) cannot tell: \($0.error)" }
    let none = found.machines.isEmpty ? ["no machine without a name has booted"] : []
    return (["Machines without a name"] + none + table.lines() + silent).joined(separator: "\n")
  }
}
