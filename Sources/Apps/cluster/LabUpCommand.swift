// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import Foundation
import HostAccess
import Lab

struct LabUpCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "up", abstract: "Start the lab, or add the machines that are new in cluster.yaml.",
    discussion: """
      Heads that are no clones start as a plain Debian with SSH. Every other machine is off and has a BMC of its own: \
      clones with an empty disk, nodes without a disk.
      """)

  @OptionGroup var options: LabOptions

  @Option(help: "Which machines to create: all, or only heads.")
  var only: LabScope = .all

  @Option(help: "Plain heads as Debian's installer leaves them, or minimal: without ifupdown, rsyslog and cron.")
  var heads: LabHeads = .installed

  @Option(help: "How nodes run: as containers with a small firmware, or as virtual machines in QEMU.")
  var nodes: LabMachine.Hardware = .container

  @Option(help: "A node or a head to run in QEMU while the others are containers. May be repeated.")
  var vm: [String] = []

  @Option(help: "A package that plain heads have from the beginning. May be repeated.")
  var install: [String] = []

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
      let virtual = (nodes == .vm ? cluster.nodes.map(\.name) : []) + vm.map { HostID($0) }
      let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path
      let site = try await LabSite.up(
        cluster, spec: options.file, scope: only.scope, virtual: Set(virtual), minimal: heads == .minimal,
        preinstalled: install, program: program,
        progress: { Terminal.note("\(elapsed())  \($0)") })
      Terminal.note("\(elapsed())  lab \(site.id) is up")
    }
  }
}

extension LabMachine.Hardware: ExpressibleByArgument {}

enum LabHeads: String, ExpressibleByArgument, CaseIterable { case installed, minimal }

enum LabScope: String, ExpressibleByArgument, CaseIterable {
  case all, heads
  var scope: LabSite.Scope { self == .all ? .all : .heads }
}
