// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import Planning
import Reconciler

struct PlanCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Show what `apply` would do, and what it would interrupt. Changes nothing.")

  @OptionGroup var options: SiteOptions
  @OptionGroup var printing: PlanOutputOptions
  @OptionGroup var limits: TermsOptions
  @OptionGroup var comparison: ComparisonOptions
  @OptionGroup var simulation: SimulationOptions

  @Option(
    help: ArgumentHelp("Keep the plan in a file, to be carried out by `cluster apply FILE`.", valueName: "file"),
    completion: .file())
  var out: String?

  @Flag(help: "End with 0 when nothing is to do, 2 when something is, 1 on an error.")
  var detailedExitcode = false

  func validate() throws {
    if out != nil, comparison.base != nil {
      throw ValidationError("A comparison of descriptions cannot be applied: --out goes without --base.")
    }
  }

  func run() async throws {
    let proposal = try await Failure.telling {
      if simulation.simulate {
        Terminal.note(SimulationOptions.note)
        let proposal = try simulation.plan(options)
        printing.show(PlanReview(proposal.plan, notes: [SimulationOptions.note]))
        return proposal
      }
      if let (proposal, review) = try await comparison.compared(options, limits.terms) {
        printing.show(review)
        return proposal
      }
      let reconciler = try options.reconciler()
      let proposal = try await reconciler.closing { () async throws(ReconcileError) in
        try await reconciler.propose(limits.terms)
      }
      printing.show(try await reconciler.review(proposal))
      if let out {
        try SavedPlanFile.write(try reconciler.saved(proposal), to: out)
        Terminal.note("Kept in \(out): `cluster apply \(out)` does exactly this, or nothing.")
      }
      return proposal
    }
    if detailedExitcode, !proposal.plan.isClean { throw ExitStatus.changes.code }
  }

  static func text(_ review: PlanReview, colour: Bool, full: Bool = false) -> String {
    String(PlanText(review, colour: colour, full: full).text.dropLast())
  }

  static func text(_ plan: Plan, colour: Bool) -> String { text(PlanReview(plan), colour: colour) }
}
