// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import Planning
import Reconciler

struct PlanCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Show what `apply` would change and interrupt. Changes nothing.")

  @OptionGroup var options: SiteOptions
  @OptionGroup var printing: PlanOutputOptions
  @OptionGroup var limits: TermsOptions
  @OptionGroup var comparison: ComparisonOptions
  @OptionGroup var simulation: SimulationOptions

  @Option(
    help: ArgumentHelp("Save the plan to a file, for `cluster apply FILE`.", valueName: "file"),
    completion: .file())
  var out: String?

  @Flag(help: "Exit with 0 when there is nothing to do, 2 when there are changes to make, 1 on an error.")
  var detailedExitcode = false

  func validate() throws {
    try simulation.check(options)
    if comparison.base != nil, options.simulate {
      throw ValidationError(
        "--base compares two descriptions and contacts no machine: it cannot be combined with --simulate.")
    }
    if out != nil, comparison.base != nil {
      throw ValidationError("A comparison of descriptions cannot be applied: --out cannot be combined with --base.")
    }
  }

  func run() async throws {
    let proposal = try await Failure.telling {
      if let (proposal, review) = try await comparison.compared(options, limits.terms) {
        printing.show(review)
        return proposal
      }
      return try await options.reaching(simulation) { reconciler in
        let proposal = try await reconciler.propose(limits.terms)
        printing.show(try await reconciler.review(proposal))
        if let out {
          try SavedPlanFile.write(try reconciler.saved(proposal), to: out)
          let apply = "cluster apply \(options.simulate ? "--simulate " : "")\(out)"
          Terminal.note("Kept in \(out): `\(apply)` does exactly this, or nothing.")
        }
        return proposal
      }
    }
    if detailedExitcode, !proposal.plan.isClean { throw ExitStatus.changes.code }
  }

  static func text(_ review: PlanReview, colour: Bool, full: Bool = false) -> String {
    String(PlanText(review, colour: colour, full: full).text.dropLast())
  }

  static func text(_ plan: Plan, colour: Bool) -> String { text(PlanReview(plan), colour: colour) }
}
