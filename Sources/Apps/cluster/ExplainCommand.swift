// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import DiagnosticPages
import Diagnostics
import Planning
import Reconciler

struct ExplainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Explain a step, a resource or a diagnostic code.",
    discussion: """
      Codes (spec.bad-mac, agent.disk-full, plan.two-owners) are explained without contacting a host. Steps and resources \
      are those of the plan now; `cluster plan -o json` lists their ids.
      """)

  @OptionGroup var options: SiteOptions
  @OptionGroup var simulation: SimulationOptions

  @Argument(help: "A step (file@head1:/etc/hosts/write), a resource (file@head1:/etc/hosts) or a code (spec.bad-mac).")
  var name: String

  func validate() throws { try simulation.check(options) }

  func run() async throws {
    try await Failure.telling {
      if let page = DiagnosticPages.page(name.lowercased()) { return Terminal.print(String(page.dropLast())) }
      if Self.looksLikeCode(name) { throw Self.unknown(name, near: nearest(to: name, among: DiagnosticPages.codes)) }
      let (proposal, specification, cluster) = try await options.reaching(simulation) { reconciler in
        (try await reconciler.propose(), reconciler.specification, reconciler.cluster)
      }
      let spec = SourceText(file: options.location.lastPathComponent, bytes: specification.bytes)
      let explanation = Explanation(proposal.plan, spec: spec) { proposal.observed($0, of: cluster) }
      guard let lines = explanation.lines(name, desired: proposal.desired) else {
        throw Self.unknown(name, near: explanation.near(name, desired: proposal.desired))
      }
      options.print(lines.joined(separator: "\n").trimmedEnd)
    }
  }

  /// `spec.something`: ids of steps and resources have a colon.
  static func looksLikeCode(_ name: String) -> Bool {
    !name.contains(":") && ["spec.", "agent.", "plan."].contains { name.lowercased().hasPrefix($0) }
  }

  static func unknown(_ name: String, near: [String]) -> Failure {
    let next =
      near.isEmpty
      ? "`cluster plan -o json` lists steps and resources; codes are in docs/diagnostics."
      : "Did you mean \(near.map { "`\($0)`" }.joined(separator: ", "))?"
    return Failure("nothing is called `\(name)`", next: next)
  }
}
