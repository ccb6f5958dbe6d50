// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Heads that the description has dropped: near the end of a plan, because what is forgotten does not come back.
struct LeavingText {
  let text: PlanText

  /// Begins with an empty line, or is empty.
  var lines: [String] {
    let leaving = text.review.plan.leaving
    if leaving.isEmpty { return [] }
    let mark = text.paint("!", .red)
    return ["", text.paint("Leaves", .red)] + leaving.map { "  \(mark) \($0.title)" } + ["      \(Self.warning)"]
  }

  static let warning =
    "Nothing is asked or taken away there. It must be off, or do nothing for this cluster any more."
}

extension LeavingHead {
  var title: String { "\(host) leaves: what it has on it stays as it is, and is forgotten (\(count))" }

  private var count: String { resources.count == 1 ? "1 resource" : "\(resources.count) resources" }
}
