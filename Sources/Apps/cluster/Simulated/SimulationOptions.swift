// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import Execution
import Foundation
import Reconciler
import Simulator

/// What the machines in memory are like, where a command speaks to those: `--simulate`.
struct SimulationOptions: ParsableArguments {
  @Flag(help: "With --simulate: begin with machines that have just come out of their boxes.")
  var fresh = false

  @Option(
    name: .customLong("break"),
    help: ArgumentHelp(
      "With --simulate: something is wrong this time: a head has no power (head2), a node stays silent (node001), or "
        + "head1:disk is full, head1:mirror is down, head1:way is lost when its address changes.",
      valueName: "what"))
  var breakages: [Breakage] = []

  /// They change nothing about real machines, so nobody may believe that they did.
  func check(_ options: SiteOptions) throws {
    guard !options.simulate, fresh || !breakages.isEmpty else { return }
    throw ValidationError("--fresh and --break are about machines in memory: they go with --simulate.")
  }

  /// The program over machines in memory, with all else as it is.
  ///
  /// - Parameter changes: what a run leaves is kept. Who only looks begins anew without taking anything away.
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
