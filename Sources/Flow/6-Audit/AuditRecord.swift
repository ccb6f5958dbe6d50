// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Which spec a run was made from.
package struct SpecState: Hashable, Sendable {
  /// HEAD's commit. Nil when nothing has been committed yet.
  package var commit: String?
  /// Files of the spec that are not as in that commit, relative to the spec's folder.
  package var dirty: [String]

  package init(commit: String?, dirty: [String]) {
    self.commit = commit
    self.dirty = dirty
  }

  /// The commit, with `-dirty` when the files differ from it; `none` without a commit.
  package var label: String { (commit ?? "none") + (dirty.isEmpty ? "" : "-dirty") }
}

/// All that is kept of one run.
package struct AuditRecord: Sendable {
  /// Which machines: the real ones, or a lab's. Records of one never mix with another's.
  package var site: String
  package var spec: SpecState
  /// The spec and the files that it refers to, by path relative to its folder.
  package var specification: [String: RecordedFile]
  package var planJSON: String
  package var planText: String
  package var outcome: RunOutcome
  /// One word for the `Result:` trailer: `done` only when observing again found everything as desired.
  package var result: String
  package var managed: [ManagedResource]
  /// The observed state, for people: `head1/dnsmasq.txt` → text. One file for each host and sort of fact.
  package var observed: [String: String]
  /// `user@machine`.
  package var by: String
  /// The program and its version.
  package var tool: String
  /// The first line of the commit's message.
  package var subject: String

  package init(
    site: String, spec: SpecState, specification: [String: RecordedFile], planJSON: String, planText: String,
    outcome: RunOutcome, result: String, managed: [ManagedResource], observed: [String: String], by: String,
    tool: String, subject: String
  ) {
    self.site = site
    self.spec = spec
    self.specification = specification
    self.planJSON = planJSON
    self.planText = planText
    self.outcome = outcome
    self.result = result
    self.managed = managed
    self.observed = observed
    self.by = by
    self.tool = tool
    self.subject = subject
  }
}

/// One run, as the history tells it.
package struct RunRecord: Hashable, Codable, Sendable {
  package var id: String
  package var commit: String
  /// Seconds since 1970.
  package var at: Int
  package var result: String
  package var by: String
  /// The spec's commit, with `-dirty` when its files differed from that.
  package var spec: String
  package var site: String
  package var subject: String
  /// The newest that it had: each round of a run has a newer one than all before. Nil: an older version recorded it.
  package var generation: Int?

  package init(
    id: String, commit: String, at: Int, result: String, by: String, spec: String, site: String, subject: String,
    generation: Int? = nil
  ) {
    self.id = id
    self.commit = commit
    self.at = at
    self.result = result
    self.by = by
    self.spec = spec
    self.site = site
    self.subject = subject
    self.generation = generation
  }
}
