// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import Planning
import SpecReading
import Wings

/// The cost of one node, from the bytes of a description to the words of its plan. Linear means: the last column stays
/// where it is while the nodes grow.
enum PlanBench {
  static let sizes = [1_000, 10_000, 100_000]

  static func run() async throws {
    print("stage                   nodes       total     per node   (medians of \(Measuring.repetitions))")
    var totals: [Int: Duration] = [:]
    for size in sizes { totals[size] = try await wholeFlow(size, SyntheticSpec.text(nodes: size)) }
    let memory = Measuring.peakMemory
    print("\nThe nodes in a table beside the description:")
    let tabled = SyntheticSpec.tabled(nodes: 10_000)
    let ofTable = try await wholeFlow(10_000, tabled.text, tables: [SyntheticSpec.table: tabled.table])
    print("\nThe planner alone, with two resources a node:")
    for size in sizes { try await plannerAlone(size) }
    print()
    try await bars(totals, memory)
    Measuring.bar(
      "10,000 nodes of a table: description to printed plan", Measuring.milliseconds(ofTable), reach: "300 ms",
      met: ofTable <= .milliseconds(300))
  }

  private static func bars(_ totals: [Int: Duration], _ memory: Int) async throws {
    guard let ten = totals[10_000], let hundred = totals[100_000] else { throw Unexpected(what: "a size is missing") }
    Measuring.bar(
      "10,000 nodes: description to printed plan", Measuring.milliseconds(ten), reach: "150 ms",
      met: ten <= .milliseconds(150))
    let ratio = hundred / ten
    Measuring.bar("100,000 nodes ÷ 10,000 nodes", Measuring.rounded(ratio), reach: "11", met: ratio <= 11)
    Measuring.bar(
      "100,000 nodes: peak memory", "\(memory >> 20) MiB", reach: "1430 MiB (1.5 GB)", met: memory <= 1_500_000_000)
    guard let terraform = try await TerraformBench.plan(resources: 10_000) else {
      print("        terraform plan of 10,000 resources: terraform is not installed, nothing to compare with")
      return
    }
    let faster = terraform / ten
    Measuring.bar(
      "terraform plan of 10,000 resources (\(Measuring.milliseconds(terraform))) ÷ ours",
      Measuring.rounded(faster), reach: "10", met: faster >= 10)
  }

  /// From the bytes of a description to the printed plan for a bare head, stage by stage.
  private static func wholeFlow(
    _ size: Int, _ text: [UInt8], tables: [String: [UInt8]] = [:]
  ) async throws -> Duration {
    let (cluster, reading) = try await report("read and check", size) { () throws -> Cluster in
      guard SpecReader.tables(of: text, file: "cluster.yaml").sorted() == tables.keys.sorted() else {
        throw Unexpected(what: "other tables than are named")
      }
      let reading = SpecReader.read(text, file: "cluster.yaml", keys: WingCatalog.keys, tables: tables)
      guard let cluster = reading.cluster, cluster.nodes.count == size else {
        throw Unexpected(what: reading.diagnostics.first.map { "\($0.detail) (\($0.span))" } ?? "no cluster")
      }
      return cluster
    }
    let (desired, expanding) = try await report("expand", size) { Expansion.expand(cluster, SiteFiles()) }
    let heads = HeadOrder(cluster, sight: HighAvailability.sight)
    let (wanted, asking) = try await report("order and ask", size) {
      DesiredResources(desired, catalog: KindCatalog.all, heads: heads)
    }
    let inventory = BareMachine.inventory(cluster, wanted.questions(previously: []))
    let (plan, planning) = try await report("plan", size) { () throws -> Plan in
      let plan = try Planner.plan(wanted, previously: [], inventory: inventory, now: 0)
      if let blocked = plan.blocked.first { throw Unexpected(what: "\(blocked.resource): \(blocked.reason)") }
      return plan
    }
    let (_, printing) = try await report("print", size) { () throws -> String in
      let text = PlanText(plan, colour: false).text
      return try Measuring.expecting("a text", text) { $0.utf8.count > 1000 }
    }
    let all = reading + expanding + asking + planning + printing
    line("all of it", size, all)
    return all
  }

  private static func plannerAlone(_ size: Int) async throws {
    let site = SyntheticSite(nodes: size)
    func plan(_ inventory: Inventory) throws -> Plan {
      try Planner.plan(
        desired: site.desired, previously: [], inventory: inventory, catalog: SyntheticSite.catalog,
        heads: HeadOrder(primary: SyntheticSite.head, sight: HighAvailability.sight), now: 0)
    }
    _ = try await report("plan, all to do", size) {
      try Measuring.expecting("all steps", plan(site.nothing)) { $0.steps.count == site.desired.count }
    }
    _ = try await report("plan, nothing to do", size) {
      try Measuring.expecting("no steps", plan(site.everything)) { $0.isClean }
    }
  }

  private static func report<Value>(
    _ stage: String, _ nodes: Int, _ work: () throws -> Value
  ) async throws -> (Value, Duration) {
    let (value, median) = try await Measuring.median(work)
    line(stage, nodes, median)
    return (value, median)
  }

  private static func line(_ stage: String, _ nodes: Int, _ time: Duration) {
    let each = time / .nanoseconds(1) / Double(nodes)
    print(
      stage.padded(to: 21) + String(nodes).leading(8) + Measuring.milliseconds(time).leading(12)
        + "\(Int(each.rounded())) ns".leading(13))
  }
}

/// The same amount of work for the tool that users may know.
enum TerraformBench {
  /// The median time of `terraform plan` of so many resources of its own. Nil where it is not installed.
  static func plan(resources: Int) async throws -> Duration? {
    let folder = FileManager.default.temporaryDirectory.appending(path: "cluster-bench-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    // terraform_data is built in: no provider has to be fetched.
    let text = "resource \"terraform_data\" \"node\" {\n  count = \(resources)\n  input = \"node${count.index}\"\n}\n"
    try text.write(to: folder.appending(path: "main.tf"), atomically: true, encoding: .utf8)
    do {
      _ = try await terraform(["init", "-input=false"], in: folder)
    } catch let error as AgentError where error.code == .notFound {
      return nil
    }
    let (output, time) = try await Measuring.median {
      try await terraform(["plan", "-input=false", "-no-color"], in: folder)
    }
    guard output.contains("\(resources) to add") else { throw Unexpected(what: "terraform planned something else") }
    return time
  }

  private static func terraform(_ words: [String], in folder: URL) async throws -> String {
    try await Command.checked(
      "terraform", ["-chdir=\(folder.path)"] + words, deadline: .seconds(600), next: "Try it manually in a folder."
    ).text
  }
}
