// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import Planning
import Reconciler

/// What part of a plan is wanted, and how much it may disrupt.
struct TermsOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Only this, with what it depends on: machines (node[01-10]) or a resource (file@head1:/etc/hosts); * is any text.",
      valueName: "what"))
  var target: [String] = []

  @Option(
    help: ArgumentHelp("Leave this out, and what depends on it. Named like a target.", valueName: "what"))
  var exclude: [String] = []

  @Option(help: "If any step disrupts more than this, nothing is done.")
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
