// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import Wings
import Planning
import SpecReading

/// Any bytes are either a cluster or a bounded list of problems, each within the text.
enum SpecInput {
  /// More than a report may hold: `SpecReader` stops at 500 and says so.
  private static let mostProblems = 501

  static func check(_ bytes: [UInt8]) {
    let reading = SpecReader.read(bytes, file: "cluster.yaml", keys: WingCatalog.keys)
    let errors = reading.diagnostics.contains { $0.severity == .error }
    precondition(reading.cluster == nil || !errors, "a cluster in spite of errors")
    precondition(reading.cluster != nil || errors, "neither a cluster nor an error")
    precondition(reading.diagnostics.count <= mostProblems, "\(reading.diagnostics.count) problems are reported")
    let text = SourceText(file: "cluster.yaml", bytes: bytes)
    _ = DiagnosticRenderer(sources: [text], color: false).render(reading.diagnostics)
    if let cluster = reading.cluster { expand(cluster) }
  }

  /// What was found valid can be planned: the kinds' questions stand for all that the features made of it.
  private static func expand(_ cluster: Cluster) {
    let desired = Expansion.expand(cluster, SiteFiles())
    let heads = Planning.Heads(cluster, sight: HighAvailability.sight)
    let questions = Planner.questions(desired: desired, previously: [], catalog: KindCatalog.all, heads: heads)
    let away = AgentError(.unreachable, "no host is asked", next: "None is needed.")
    let inventory = Inventory(hosts: questions.mapValues { _ in .unreachable(away) }, observedAt: 0)
    do throws(PlanProblems) {
      _ = try Planner.plan(
        desired: desired, previously: [], inventory: inventory, catalog: KindCatalog.all, heads: heads, now: 0)
    } catch {
      // A valid description may still ask for one thing twice; that is said in words, not by dying.
      precondition(!error.description.isEmpty, "a plan refused without a word")
    }
  }
}
