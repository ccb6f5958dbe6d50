// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import Planning
import Reconciler
import Wings

struct DiscoverCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "discover", abstract: "List machines that have booted from the heads and have no name yet.",
    discussion: """
      A machine that the description does not name waits at the network until it has a name. It shows here with its MAC
      address, and what its firmware says of it; anybody on the boot network can say that, so compare serial numbers.
      Write it down in a group of `nodes:` or its table, and apply: it goes on by itself.
      """)

  @OptionGroup var options: SiteOptions
  @OptionGroup var printing: OutputOptions
  @OptionGroup var simulation: SimulationOptions

  func validate() throws { try simulation.check(options) }

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
    switch printing.output {
    case .json: try options.print(json: Printed(machines: found.machines))
    case .text: options.print(Self.text(found))
    }
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
