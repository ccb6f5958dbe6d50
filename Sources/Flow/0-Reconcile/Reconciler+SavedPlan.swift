// SPDX-License-Identifier: Apache-2.0
import Auditing
import ClusterModel
import Planning

extension Reconciler {
  /// A proposal as it can be kept, and applied later.
  package func saved(_ proposal: Proposal) throws(ReconcileError) -> SavedPlan {
    var files = specification.files.files.mapValues { "\($0.contents.digest) \($0.executable)" }
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
