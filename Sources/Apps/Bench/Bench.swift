// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Planning

/// Prints what one node costs. Linear means: the last column stays where it is while the nodes grow.
@main
struct Bench {
  static let sizes = [1_000, 10_000, 100_000]
  static let repetitions = 5

  static func main() throws {
    print("stage                nodes       total     per node   (medians of \(repetitions))")
    for size in sizes {
      let site = SyntheticSite(nodes: size)
      try report("plan, all to do", size) { try plan(site, site.nothing).steps.count == site.desired.count }
      try report("plan, nothing to do", size) { try plan(site, site.everything).isClean }
    }
  }

  private static func plan(_ site: SyntheticSite, _ inventory: Inventory) throws -> Plan {
    try Planner.plan(
      desired: site.desired, previously: [], inventory: inventory, catalog: SyntheticSite.catalog,
      heads: Heads(primary: SyntheticSite.head), now: 0)
  }

  /// Runs `work` a few times; it says whether it did what was expected.
  private static func report(_ stage: String, _ nodes: Int, _ work: () throws -> Bool) throws {
    var times: [Duration] = []
    for _ in 0..<repetitions {
      var isRight = false
      times.append(try ContinuousClock().measure { isRight = try work() })
      guard isRight else { throw WrongResult(stage: stage, nodes: nodes) }
    }
    let median = times.sorted()[times.count / 2]
    let total = median / .milliseconds(1)
    let each = median / .nanoseconds(1) / Double(nodes)
    print(
      stage.padded(to: 18) + String(nodes).leading(8) + "\(rounded(total)) ms".leading(12)
        + "\(rounded(each)) ns".leading(13))
  }

  private static func rounded(_ value: Double) -> String { String((value * 10).rounded() / 10) }
}

struct WrongResult: Error, CustomStringConvertible {
  var stage: String
  var nodes: Int
  var description: String { "\(stage) with \(nodes) nodes did not give what it should: the figures mean nothing" }
}

extension String {
  fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
  fileprivate func leading(_ width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}
