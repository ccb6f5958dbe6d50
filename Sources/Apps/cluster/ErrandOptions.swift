// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import Execution
import Reconciler

/// Options of all verbs that act: which site, how to agree, how patient the run is.
struct ErrandOptions: ParsableArguments {
  @OptionGroup var options: SiteOptions

  @Flag(help: "Do not ask for confirmation. Required without a terminal.")
  var yes = false

  @OptionGroup var running: RunOptions
  @OptionGroup var simulation: SimulationOptions
  @OptionGroup var pacing: PaceOptions

  /// Checks that need more than one option. To be called by the command's own `validate`.
  func check() throws {
    try simulation.check(options)
    try pacing.check(options)
  }

  /// Carries an errand out as `apply` carries out the description.
  ///
  /// - Parameters:
  ///   - errand: made from the name of its run, with the site at hand.
  ///   - after: what is told of a run that has done all.
  func carryOut(
    _ errand: @escaping (_ run: String, Reconciler) async throws -> any Errand,
    after: @escaping (_ run: String, Reconciler) async throws -> Void = { _, _ in }
  ) async throws {
    try await Failure.telling {
      options.noteSimulated()
      defer { options.noteSimulated() }
      do {
        try await options.reaching(simulation, changes: true, pace: pacing.pace) { reconciler in
          var random = SystemRandomNumberGenerator()
          let run = RunName.make(now: reconciler.now(), using: &random)
          let request = RunRequest(run: run, errand: try await errand(run, reconciler), policy: running.policy)
          try await ConfirmedRun(options: options, running: running, yes: yes).run(request, reconciler)
          try await after(run, reconciler)
        }
      } catch let failure as Failure { throw failure.told() }
    }
  }
}
