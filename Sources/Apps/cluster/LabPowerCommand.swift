// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import HostAccess
import Lab

struct LabPowerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "power", abstract: "Switch a machine of the lab on or off, as someone beside it would.",
    discussion: """
      `off` and `cycle` cut the power at once; `shutdown` presses the power button; `mains-off` takes the power of its \
      BMC too, and `mains-on` gives both back: the machine stays off until somebody switches it on.
      """)

  @OptionGroup var options: LabOptions

  @Argument(help: "The head or node.")
  var machine: String

  @Argument(help: "What to do: on, off, cycle, shutdown, mains-off or mains-on.")
  var action: PowerSwitch.Action

  func run() async throws {
    try await Failure.telling {
      let (site, machine) = try options.machine(machine)
      try await PowerSwitch(machine, of: site).perform(action)
    }
  }
}

extension PowerSwitch.Action: ExpressibleByArgument {}
