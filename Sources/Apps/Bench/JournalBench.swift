// SPDX-License-Identifier: Apache-2.0
import Auditing
import ClusterModel
import Execution
import Wings
import Foundation
import HostAccess
import Planning
import SpecReading

/// The cost of it that a run which is killed can be told afterwards: before a run begins, the journal keeps what the
/// run is about to put in place. That should cost what is changed, not what is there.
enum JournalBench {
  static func run() async throws {
    print("what a run is about to do, kept before it begins   (medians of \(Measuring.repetitions), synced to disk)")
    for nodes in [1_000, 10_000] {
      let site = try JournaledSite(nodes: nodes)
      try await keep("\(nodes) nodes, everything is to do", site.everything, site)
      try await keep("\(nodes) nodes, one file differs", site.oneFile, site)
    }
  }

  private static func keep(_ what: String, _ plan: Plan, _ site: JournaledSite) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "bench-\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    let journal = try Journal(path: folder.appending(path: "journal.sqlite").path)
    let (bytes, making) = try await Measuring.median { try ManagedSet.intents(of: plan, site.desired.resources) }
    var number = 0
    let (_, keeping) = try await Measuring.median {
      number += 1
      let run = RunToken(run: "run\(number)", generation: number, holder: "bench")
      try await journal.begin(run, process: nil, total: plan.steps.count, managing: bytes, at: number)
      try await journal.recorded(run.run)
    }
    print(
      "        " + what.padded(to: 40) + "\(bytes.count >> 10) KiB".leading(12)
        + "  put together in \(Measuring.milliseconds(making)), kept and let go in \(Measuring.milliseconds(keeping))")
  }
}

/// A site with two plans: for machines that have nothing, and for machines on which one file differs.
private struct JournaledSite {
  let desired: DesiredResources
  let everything: Plan
  let oneFile: Plan

  init(nodes: Int) throws {
    guard
      let cluster = SpecReader.read(SyntheticSpec.text(nodes: nodes), file: "cluster.yaml", keys: WingCatalog.keys)
        .cluster
    else {
      throw Unexpected(what: "no cluster")
    }
    let heads = HeadOrder(cluster, sight: HighAvailability.sight)
    desired = DesiredResources(
      Expansion.expand(cluster, SiteFiles()), catalog: KindCatalog.all, heads: heads)
    let inventory = BareMachine.inventory(cluster, desired.questions(previously: []))
    everything = try Planner.plan(desired, previously: [], inventory: inventory, now: 0)
    guard let step = everything.steps.first(where: { $0.resource.kind == FileKind.name }) else {
      throw Unexpected(what: "no file is to be written")
    }
    oneFile = Plan(steps: [step])
  }
}
