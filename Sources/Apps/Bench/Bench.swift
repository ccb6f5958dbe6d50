// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Features
import Glibc
import Planning
import Resources
import SpecReading

/// Prints what one node costs. Linear means: the last column stays where it is while the nodes grow.
@main
struct Bench {
  static let sizes = [1_000, 10_000, 100_000]
  static let repetitions = 5

  static func main() {
    do { try run() } catch {
      print("bench: \(error)")
      exit(1)
    }
  }

  private static func run() throws {
    print("stage                   nodes       total     per node   (medians of \(repetitions))")
    for size in sizes { try wholeFlow(size) }
    print("\nThe planner alone, with two resources a node:")
    for size in sizes {
      let site = SyntheticSite(nodes: size)
      _ = try report("plan, all to do", size) {
        try expecting("all steps", plan(site, site.nothing)) { $0.steps.count == site.desired.count }
      }
      _ = try report("plan, nothing to do", size) {
        try expecting("no steps", plan(site, site.everything)) { $0.isClean }
      }
    }
  }

  /// From the bytes of a description to the plan for a bare head, stage by stage.
  private static func wholeFlow(_ size: Int) throws {
    let text = SyntheticSpec.text(nodes: size)
    let (cluster, reading) = try report("read and check", size) { () throws -> Cluster in
      let reading = SpecReader.read(text, file: "cluster.yaml")
      guard let cluster = reading.cluster, cluster.nodes.count == size else {
        throw Unexpected(what: reading.diagnostics.first.map { "\($0.detail) (\($0.span))" } ?? "no cluster")
      }
      return cluster
    }
    let (desired, expanding) = try report("expand", size) { Expansion.expand(cluster, SiteFiles()) }
    let heads = Heads(primary: "head1", others: ["head2"], serviceAddress: cluster.ha?.addresses.first?.address)
    let (questions, asking) = try report("ask", size) {
      Planner.questions(desired: desired, previously: [], catalog: KindCatalog.all, heads: heads)
    }
    let inventory = BareMachine.inventory(questions, reachable: ["head1"])
    let (_, planning) = try report("plan", size) { () throws -> Plan in
      let plan = try Planner.plan(
        desired: desired, previously: [], inventory: inventory, catalog: KindCatalog.all, heads: heads, now: 0)
      if let blocked = plan.blocked.first { throw Unexpected(what: "\(blocked.resource): \(blocked.reason)") }
      return plan
    }
    line("all of it", size, reading + expanding + asking + planning)
  }

  private static func plan(_ site: SyntheticSite, _ inventory: Inventory) throws -> Plan {
    try Planner.plan(
      desired: site.desired, previously: [], inventory: inventory, catalog: SyntheticSite.catalog,
      heads: Heads(primary: SyntheticSite.head), now: 0)
  }

  private static func expecting<Value>(_ what: String, _ value: Value, _ holds: (Value) -> Bool) throws -> Value {
    guard holds(value) else { throw Unexpected(what: "expected \(what)") }
    return value
  }

  /// Does `work` a few times and prints the median.
  private static func report<Value>(
    _ stage: String, _ nodes: Int, _ work: () throws -> Value
  ) throws -> (Value, Duration) {
    var value = try work()
    var times: [Duration] = []
    for _ in 0..<repetitions { times.append(try ContinuousClock().measure { value = try work() }) }
    let median = times.sorted()[times.count / 2]
    line(stage, nodes, median)
    return (value, median)
  }

  private static func line(_ stage: String, _ nodes: Int, _ time: Duration) {
    let each = time / .nanoseconds(1) / Double(nodes)
    print(
      stage.padded(to: 21) + String(nodes).leading(8) + "\(rounded(time / .milliseconds(1))) ms".leading(12)
        + "\(Int(each.rounded())) ns".leading(13))
  }

  private static func rounded(_ value: Double) -> String { String((value * 10).rounded() / 10) }
}

/// A stage did not give what it should: the figures would mean nothing.
struct Unexpected: Error, CustomStringConvertible {
  var what: String
  var description: String { what }
}

extension String {
  fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
  fileprivate func leading(_ width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}
