// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import Foundation
import HostAccess
import Lab

struct LabUpCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "up", abstract: "Start the lab, or add to it what cluster.yaml has in addition.",
    discussion: """
      The first head starts as a plain Debian that answers SSH. Every other machine is off: a clone with an empty disk,
      nodes without one, each behind its own BMC.
      """)

  @OptionGroup var options: LabOptions

  @Option(help: "Which machines: all, or heads.")
  var only: LabScope = .all

  @Option(help: "What nodes are: containers with a small firmware, or machines that QEMU emulates.")
  var nodes: LabMachine.Hardware = .container

  @Option(help: "A node that QEMU emulates while the others are containers. May be given several times.")
  var vm: [String] = []

  func run() async throws {
    let started = ContinuousClock.now
    let elapsed: @Sendable () -> String = {
      let passed = ContinuousClock.now - started
      return Terminal.elapsed(Double(passed.components.seconds) + Double(passed.components.attoseconds) / 1e18)
    }
    try await Failure.telling {
      guard let cluster = try SiteOptions.parse(["--file", options.file]).specification().cluster else {
        throw ExitCode.failure
      }
      let virtual = nodes == .vm ? cluster.nodes.map(\.name) : vm.map { HostID($0) }
      let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path
      let site = try await LabSite.up(
        cluster, spec: options.file, scope: only.scope, virtual: Set(virtual), program: program,
        progress: { Terminal.note("\(elapsed())  \($0)") })
      Terminal.note("\(elapsed())  lab \(site.id) is up")
    }
  }
}

extension LabMachine.Hardware: ExpressibleByArgument {}

enum LabScope: String, ExpressibleByArgument, CaseIterable {
  case all, heads
  var scope: LabSite.Scope { self == .all ? .all : .heads }
}
