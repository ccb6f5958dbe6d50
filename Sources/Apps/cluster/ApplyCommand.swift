// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import Execution
import Foundation
import Reconciler

struct ApplyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apply", abstract: "Bring the machines to the state that cluster.yaml describes, and record the run.",
    discussion: """
      A host undoes a change of its addresses, sshd or firewall by itself unless the change is confirmed over a new \
      connection.

      \(ExitStatus.table)
      """)

  @OptionGroup var options: SiteOptions

  @Flag(help: "Do not ask for confirmation. Required without a terminal.")
  var yes = false

  @OptionGroup var running: RunOptions
  @OptionGroup var simulation: SimulationOptions
  @OptionGroup var pacing: PaceOptions
  @OptionGroup var limits: TermsOptions

  @Argument(
    help: "A plan saved by `cluster plan --out FILE`. Exactly this plan is carried out, or nothing.",
    completion: .file())
  var saved: String?

  func validate() throws {
    try simulation.check(options)
    try pacing.check(options)
    if saved != nil, limits.isGiven {
      throw ValidationError("A saved plan has its own --target, --exclude and --max-disruption.")
    }
  }

  func run() async throws {
    try await Failure.telling {
      options.noteSimulated()
      defer { options.noteSimulated() }
      do { try await options.reaching(simulation, changes: true, pace: pacing.pace, apply) } catch let failure
        as Failure
      {
        throw failure.told()
      }
    }
  }

  private func apply(_ reconciler: Reconciler) async throws {
    var random = SystemRandomNumberGenerator()
    let request = RunRequest(
      run: RunName.make(now: reconciler.now(), using: &random), terms: limits.terms,
      saved: try saved.map(SavedPlanFile.read), policy: running.policy)
    try await ConfirmedRun(options: options, running: running, yes: yes).run(request, reconciler)
  }
}
