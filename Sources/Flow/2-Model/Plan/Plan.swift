// SPDX-License-Identifier: Apache-2.0
import Diagnostics

package struct StepID: Hashable, Codable, Comparable, Sendable, CustomStringConvertible {
  /// `file@head1:/etc/hosts/write`: the same in plan, journal, record and golden files.
  package let text: String
  package init(_ text: String) { self.text = text }
  package var description: String { text }
  package static func < (a: Self, b: Self) -> Bool { a.text < b.text }
  package init(from decoder: any Decoder) throws { self.init(try decoder.singleValueContainer().decode(String.self)) }
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}

/// One complete decision: nothing is left to choose while it executes.
package struct Step: Hashable, Codable, Sendable, Identifiable {
  /// The disruption that users may notice, mildest first.
  package enum Disruption: String, Hashable, Codable, CaseIterable, Comparable, Sendable {
    case none, reload, restart, reboot, failover
    package static func < (a: Self, b: Self) -> Bool {
      (allCases.firstIndex(of: a) ?? 0) < (allCases.firstIndex(of: b) ?? 0)
    }
  }

  package var id: StepID
  package var resource: ResourceID
  package var host: HostID
  package var operation: AnyOperation
  package var after: [StepID]
  /// Steps among `after` that it only follows so that not too much happens at once: it does not need them.
  package var onlyAfter: [StepID]
  /// Its place among the machines that may be away at once. Nil: it takes none away, or nothing limits them.
  package var place: Place?
  package var disruption: Disruption
  package var because: String
  package var source: SourceSpan?
  package var changes: [String]
  package var destructive: Bool
  /// It takes away what an earlier run put in place and nothing asks for any more.
  package var prunes: Bool

  package init(
    id: StepID, resource: ResourceID, host: HostID, operation: AnyOperation, after: [StepID], disruption: Disruption,
    because: String, source: SourceSpan?, changes: [String], destructive: Bool, prunes: Bool = false,
    onlyAfter: [StepID] = [], place: Place? = nil
  ) {
    self.id = id
    self.resource = resource
    self.host = host
    self.operation = operation
    self.after = after
    self.disruption = disruption
    self.because = because
    self.source = source
    self.changes = changes
    self.destructive = destructive
    self.prunes = prunes
    self.onlyAfter = onlyAfter
    self.place = place
  }
}

/// Work that cannot be planned or done now, with the reason and the next thing to do.
package struct Blocked: Hashable, Codable, Sendable {
  package enum Reason: Hashable, Codable, Sendable {
    case unreadable(Unreadable)
    /// It depends on something that is itself blocked.
    case waitsFor(ResourceID)
    /// It depends on something that the administrator has left out of this plan.
    case leftOut(ResourceID)
  }

  package var resource: ResourceID
  package var reason: Reason
  package var next: String
  package var source: SourceSpan?

  package init(resource: ResourceID, reason: Reason, next: String, source: SourceSpan?) {
    self.resource = resource
    self.reason = reason
    self.next = next
    self.source = source
  }
}

/// A graph of steps. Steps are in an order in which each comes after everything it depends on.
package struct Plan: Hashable, Codable, Sendable {
  package var steps: [Step]
  package var blocked: [Blocked]
  /// Nothing is done on these: what the record lists on them is forgotten when all steps are done.
  package var leaving: [LeavingHead]

  package init(steps: [Step] = [], blocked: [Blocked] = [], leaving: [LeavingHead] = []) {
    self.steps = steps
    self.blocked = blocked
    self.leaving = leaving
  }

  /// Nothing to do, nothing to forget, and nothing that could not be looked at.
  package var isClean: Bool { steps.isEmpty && blocked.isEmpty && leaving.isEmpty }
}

/// How long one thing took in the newest runs that changed something by it.
package struct StepDuration: Hashable, Sendable {
  package var step: StepID
  /// `ensureNode`.
  package var operation: String
  package var host: HostID
  package var seconds: Double

  package init(step: StepID, operation: String, host: HostID, seconds: Double) {
    self.step = step
    self.operation = operation
    self.host = host
    self.seconds = seconds
  }
}

/// A head that the description has dropped. What it has on it stays as it is, and is forgotten.
package struct LeavingHead: Hashable, Codable, Sendable {
  package var host: HostID
  /// The resources that the record lists on it.
  package var resources: [ResourceID]

  package init(host: HostID, resources: [ResourceID]) {
    self.host = host
    self.resources = resources
  }
}
