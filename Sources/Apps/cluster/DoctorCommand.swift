// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import Reconciler
import Wings

struct DoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Look for what keeps machines from booting.", subcommands: [NetDoctorCommand.self])
}

struct NetDoctorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "net",
    abstract: "Look at the networks that machines boot from: other DHCP servers, addresses, MTU, TFTP, HTTP, DNS.",
    discussion: """
      Every head looks from its own card on each network that it serves, as a node sees it: a standby sees the active \
      head over the wire. Nothing is changed, and no address is taken. It takes about ten seconds.

      \(ExitStatus.table)
      """)

  @OptionGroup var options: SiteOptions
  @OptionGroup var printing: OutputOptions
  @OptionGroup var simulation: SimulationOptions

  func validate() throws { try simulation.check(options) }

  func run() async throws {
    let found = try await Failure.telling {
      try await options.reaching(simulation) { reconciler in
        let found = NetDoctor(try await reconciler.look(NetDoctor.questions))
        if found.findings.isEmpty {
          throw Failure(
            found.silent.isEmpty
              ? "no network of the description serves anything"
              : "no head answers: \(found.silent.joined(separator: ", "))",
            next: found.silent.isEmpty
              ? "Write `serves: [dhcp, dns, boot]` in the network that machines boot from." : "See `cluster status`.")
        }
        return found
      }
    }
    switch printing.output {
    case .json: try options.print(json: found)
    case .text: options.print(DoctorText.lines(found).joined(separator: "\n"))
    }
    if !found.isWell { throw ExitStatus.checks.code }
  }
}

/// Findings for a person to read: what is well in one line each, what is not with what to do.
enum DoctorText {
  static func lines(_ found: NetDoctor) -> [String] {
    var networks: [String] = []
    for finding in found.findings where !networks.contains(finding.network) { networks.append(finding.network) }
    let lines = networks.flatMap { network in
      var table = Table()
      for finding in found.findings where finding.network == network {
        table.add(
          finding.ok ? "ok" : "NOT OK", finding.check, finding.detail + "  (\(finding.heads.joined(separator: ", ")))")
        if let next = finding.next { table.add("", "", "next: \(next)") }
      }
      return ["Network \(network)"] + table.lines()
    }
    return lines + found.silent.map { "\($0) does not answer" }
  }
}
