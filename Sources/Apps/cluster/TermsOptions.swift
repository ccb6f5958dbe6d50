// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import Planning
import Reconciler

/// The part of a plan that is wanted, and how much it may disrupt.
struct TermsOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Limit the plan to this and what it depends on: machines (node[01-10]) or a resource (file@head1:/etc/hosts). * matches any text.",
      valueName: "what"))
  var target: [String] = []

  @Option(
    help: ArgumentHelp("Leave this out, and what depends on it. Written like a target.", valueName: "what"))
  var exclude: [String] = []

  @Option(help: "Do nothing if any step would disrupt more than this.")
  var maxDisruption: Step.Disruption?

  func validate() throws {
    for text in target + exclude where Selector(text) == nil {
      throw ValidationError("`\(text)` is neither a hostlist (node[01-10]) nor a resource (file@head1:/etc/hosts).")
    }
  }

  var isGiven: Bool { !target.isEmpty || !exclude.isEmpty || maxDisruption != nil }

  var terms: RunTerms {
    RunTerms(
      scope: PlanScope(targets: target.compactMap(Selector.init), excluded: exclude.compactMap(Selector.init)),
      ceiling: maxDisruption)
  }
}

extension Step.Disruption: ExpressibleByArgument {}
