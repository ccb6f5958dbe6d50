// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// One step, or one resource with its steps, told in full.
package struct Explanation {
  /// More names than these are counted.
  private static let most = 8

  /// More facts than these are counted.
  private static let mostFacts = 20

  private let plan: Plan
  private let spec: SourceText
  private let observed: (Resource) -> [String]

  /// - Parameters:
  ///   - spec: the description, for its lines.
  ///   - observed: what was seen of a resource, a fact a line.
  package init(_ plan: Plan, spec: SourceText, observed: @escaping (Resource) -> [String] = { _ in [] }) {
    self.plan = plan
    self.spec = spec
    self.observed = observed
  }

  /// Explains a name: a step, or a resource of the plan or of the description. Nil when nothing has it.
  package func lines(_ name: String, desired: [Resource]) -> [String]? {
    let steps = plan.steps.filter { $0.id.text == name || $0.resource.description == name }
    let blocked = plan.blocked.filter { $0.resource.description == name }
    let leaving = plan.leaving.filter { $0.host.name == name || $0.resources.contains { $0.description == name } }
    let resource = desired.first { $0.id.description == name }
    if steps.isEmpty, blocked.isEmpty, leaving.isEmpty {
      guard let resource else { return nil }
      return clean(resource, desired)
    }
    return steps.prefix(Self.most).flatMap(lines)
      + (steps.count > Self.most ? ["", "… and \(steps.count - Self.most) more steps of \(name)"] : [])
      + blocked.flatMap(lines) + leaving.flatMap { ["\($0.title)", "  \(LeavingText.warning)", ""] }
  }

  /// Names that could have been meant.
  package func near(_ name: String, desired: [Resource]) -> [String] {
    nearest(to: name, among: plan.steps.map(\.id.text) + desired.map(\.id.description))
  }

  private func clean(_ resource: Resource, _ desired: [Resource]) -> [String] {
    let facts = observed(resource)
    let shown = facts.count > Self.mostFacts + 1 ? Self.mostFacts : facts.count
    let followers = desired.filter { $0.after.contains(resource.id) }.map(\.id.description)
    return ["\(resource.id)", "  It is as described: nothing is to do.", "  why: \(resource.because)"]
      + place(resource.source).map { "    \($0)" }
      + (facts.isEmpty ? [] : ["  observed:"]) + facts.prefix(shown).map { "    \($0)" }
      + (shown < facts.count ? ["    … and \(facts.count - shown) more facts"] : [])
      + [
        "  comes after: \(named(resource.after.map(\.description)))", "  these come after it: \(named(followers))",
      ]
  }

  private func lines(_ step: Step) -> [String] {
    let followers = plan.steps.filter { $0.after.contains(step.id) }.map(\.id.text)
    let disruption = step.disruption == .none ? "nothing" : step.disruption.rawValue
    return ["\(step.id)", "  what: \(step.host): \(step.title)", "  why: \(step.because)"]
      + (step.source.map(place) ?? ["  nothing in the spec asks for it any more"]).map { "    \($0)" }
      + ["  disrupts: \(disruption)" + (step.destructive ? ", destructive" : "")]
      + (step.changes.isEmpty ? [] : ["  observed -> desired:"]) + step.changes.map { "    \($0)" }
      + [
        "  waits for: \(named(step.after.map(\.text)))", "  these wait for it: \(named(followers))",
        "  to undo: \(step.undoing)", "",
      ]
  }

  private func lines(_ blocked: Blocked) -> [String] {
    ["\(blocked.resource) is blocked: \(blocked.reason)"] + (blocked.source.map(place) ?? []).map { "    \($0)" }
      + ["  next: \(blocked.next)", ""]
  }

  private func place(_ span: SourceSpan) -> [String] { ["\(span)"] + spec.excerpt(span) }

  private func named(_ names: [String]) -> String {
    if names.isEmpty { return "nothing" }
    let more = names.count > Self.most ? " and \(names.count - Self.most) more" : ""
    return names.prefix(Self.most).joined(separator: ", ") + more
  }
}
