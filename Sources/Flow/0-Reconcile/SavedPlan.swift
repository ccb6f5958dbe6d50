// SPDX-License-Identifier: Apache-2.0
import Auditing
import ClusterModel
import Foundation
import Planning
import Wings

/// A plan that was agreed to, with all that it was made from: it is carried out as it is, or not at all.
///
/// It holds no secrets: operations name them.
package struct SavedPlan: Codable, Sendable {
  package static let newestVersion = 1

  package var version: Int
  /// The program that made it: another one may mean other things by the same operation.
  package var tool: String
  package var site: String
  /// The spec's commit, with `-dirty` when its files differed from that.
  package var specCommit: String
  /// SHA-256 over the spec and the files that it refers to.
  package var specDigest: String
  /// SHA-256 of what was observed, by host and sort of fact; without times and counters.
  package var observed: [String: String]
  package var targets: [String]
  package var excluded: [String]
  package var ceiling: Step.Disruption?
  package var plan: Plan

  /// For a file.
  package func encoded() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self) + Data([10])
  }

  /// Reads a saved plan. Throws when it is none, or one of a newer version.
  package init(_ data: Data) throws(ReconcileError) {
    struct Head: Decodable { var version: Int }
    do {
      let version = try JSONDecoder().decode(Head.self, from: data).version
      if version > Self.newestVersion {
        throw ReconcileError.stale(["it is of version \(version), newer than this program"])
      }
      let decoder = JSONDecoder()
      decoder.userInfo = OperationCatalog.all.userInfo
      self = try decoder.decode(SavedPlan.self, from: data)
    } catch let error as ReconcileError { throw error } catch { throw .stale(["it cannot be read: \(error)"]) }
  }

  init(_ proposal: Proposal, of cluster: Cluster, site: String, commit: String, digest: String) {
    version = Self.newestVersion
    tool = Version.text
    self.site = site
    specCommit = commit
    specDigest = digest
    observed = ObservedText.files(proposal.inventory, cluster).mapValues { SHA256.hex(Array($0.utf8)) }
    targets = proposal.terms.scope.targets.map(\.text)
    excluded = proposal.terms.scope.excluded.map(\.text)
    ceiling = proposal.terms.ceiling
    plan = proposal.plan
  }

  /// The terms of the plan, or nil when they can no longer be read.
  var terms: RunTerms? {
    let (targets, excluded) = (targets.compactMap(Selector.init), excluded.compactMap(Selector.init))
    guard targets.count == self.targets.count, excluded.count == self.excluded.count else { return nil }
    return RunTerms(scope: PlanScope(targets: targets, excluded: excluded), ceiling: ceiling)
  }

  /// The differences to another plan, a line each. Empty: the plan still fits.
  func moved(to other: SavedPlan) -> [String] {
    var moved: [String] = []
    if site != other.site { moved.append("it was made for \(site), and this is \(other.site)") }
    if tool != other.tool { moved.append("it was made by \(tool), and this is \(other.tool)") }
    if specCommit != other.specCommit { moved.append("the spec was at \(specCommit), and is at \(other.specCommit)") }
    if specDigest != other.specDigest { moved.append("the spec, or a file that it refers to, has other contents") }
    // Without the same spec or site all else differs too, and would only hide why.
    if !moved.isEmpty { return moved }
    for fact in Set(observed.keys).union(other.observed.keys).sorted() where observed[fact] != other.observed[fact] {
      moved.append("\(fact.replacing(".txt", with: "").replacing("/", with: ": ")) changed since")
    }
    return Array(moved.prefix(10)) + steps(other)
  }

  private func steps(_ other: SavedPlan) -> [String] {
    let before = Dictionary(plan.steps.map { ($0.id, $0) }) { first, _ in first }
    let after = Dictionary(other.plan.steps.map { ($0.id, $0) }) { first, _ in first }
    var lines = other.plan.steps.compactMap { step -> String? in
      guard let old = before[step.id] else { return "a step came in: \(step.id)" }
      return old == step ? nil : "a step is different now: \(step.id)"
    }
    lines += plan.steps.filter { after[$0.id] == nil }.map { "a step is no longer needed: \($0.id)" }
    if lines.isEmpty, plan != other.plan { lines = ["what is blocked, or the order of the steps, is different now"] }
    return lines.count <= 10 ? lines : Array(lines.prefix(9)) + ["and \(lines.count - 9) more steps"]
  }
}

extension Reconciler {
  /// A proposal as it can be kept, and applied later.
  package func saved(_ proposal: Proposal) throws(ReconcileError) -> SavedPlan {
    var files = specification.files.files.mapValues { "\($0.contents.digest) \($0.kind)" }
    files[site.specification.lastPathComponent] = SHA256.hex(specification.bytes)
    let commit: SpecState
    do { commit = try history.specState(Array(files.keys)) } catch { throw .audit(error) }
    let lines = files.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)\n" }
    return SavedPlan(
      proposal, of: cluster, site: site.id, commit: commit.label, digest: SHA256.hex(Array(lines.joined().utf8)))
  }

  /// The machines of another site are not even asked.
  func refuseAnotherSite(_ request: RunRequest) throws(ReconcileError) {
    guard let saved = request.saved, saved.site != site.id else { return }
    throw .stale(["it was made for \(saved.site), and this is \(site.id)"])
  }

  /// The plan that was saved, when planning again now gives exactly that; else what has moved.
  func plan(exactly saved: SavedPlan, _ seen: SeenSite) throws(ReconcileError) -> Proposal {
    guard let terms = saved.terms else { throw .stale(["what it was cut to cannot be read"]) }
    var proposal = try plan(terms, seen)
    let moved = saved.moved(to: try self.saved(proposal))
    if !moved.isEmpty { throw .stale(moved) }
    proposal.plan = saved.plan
    return proposal
  }
}
