// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import Execution
import Foundation
import Reconciler
import Simulator

/// The state of the machines in memory that `--simulate` uses.
struct SimulationOptions: ParsableArguments {
  @Flag(help: "With --simulate: start with new machines that have never been set up.")
  var fresh = false

  @Option(
    name: .customLong("break"),
    help: ArgumentHelp(
      "With --simulate: a fault for this call: a head without power (head2), a node that stays silent (node001), a full "
        + "disk (head1:disk), an unreachable package mirror (head1:mirror), a lost connection when the address changes "
        + "(head1:way).",
      valueName: "what"))
  var breakages: [Breakage] = []

  /// They change nothing about real machines, so nobody may believe that they did.
  func check(_ options: SiteOptions) throws {
    guard !options.simulate, fresh || !breakages.isEmpty else { return }
    throw ValidationError("--fresh and --break require --simulate.")
  }

  /// The program over machines in memory, with all else as it is.
  ///
  /// - Parameter changes: the machines are kept as the run leaves them. With `--fresh`, a command that only looks uses
  ///   machines of its own and leaves the kept ones alone.
  /// - Parameter pace: how many times as fast as on ordinary machines steps are. Nil: they take no time.
  func session(
    _ site: Site, _ specification: Specification, _ cluster: Cluster, changes: Bool, pace: Double? = nil
  ) async throws -> SimulatedSession {
    let isTemporary = fresh && !changes
    let state = isTemporary ? SimulatedState(temporary: ()) : SimulatedState(of: site.specification)
    var site = site
    site.state = state.folder
    let machines = try await KeptMachines(
      cluster, in: state, fresh: fresh, breaking: breakages, pace: pace, isTemporary: isTemporary)
    let reconciler = Reconciler(
      site: site, specification: specification, cluster: cluster,
      hosts: Dictionary(uniqueKeysWithValues: cluster.heads.map { ($0.name, machines.host($0.name)) }),
      secrets: FakeSecrets(), journal: SimulatedJournal(journal: JournalOnDemand(path: site.journal.path)),
      processes: .machine,
      history: try SimulatedHistory(state, of: site.specification), by: SiteOptions.caller, clock: ContinuousClock(),
      now: { Int(Date().timeIntervalSince1970) })
    return SimulatedSession(reconciler: reconciler, machines: machines)
  }
}

/// Machines in memory, and the program that speaks to them.
struct SimulatedSession {
  var reconciler: Reconciler
  var machines: KeptMachines
}

/// How long steps take on machines in memory, for commands that carry some out.
struct PaceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "With --simulate: let steps take as long as on ordinary machines, divided by this. By default they take no time.",
      valueName: "times"))
  var pace: Double?

  func check(_ options: SiteOptions) throws {
    guard !options.simulate, pace != nil else { return }
    throw ValidationError("--pace requires --simulate.")
  }

  func validate() throws {
    if let pace, !(0.1...10_000).contains(pace) { throw ValidationError("--pace must be between 0.1 and 10000.") }
  }
}
