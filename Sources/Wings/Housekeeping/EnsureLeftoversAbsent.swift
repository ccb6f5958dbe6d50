// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Removes stored things that nobody needs. An image that a node runs after all stays.
package struct EnsureLeftoversAbsent: HostOperation {
  package static let name = "ensureLeftoversAbsent"

  package struct Item: Hashable, Codable, Sendable {
    package var id: Stored.Name
    package var bytes: Int

    package init(_ id: Stored.Name, bytes: Int) {
      self.id = id
      self.bytes = bytes
    }
  }

  package let items: [Item]

  /// - Parameter items: in the order of their names, so that the same ones make the same operation.
  package init(_ items: [Item]) { self.items = items.sorted { $0.id < $1.id } }

  package var secrets: Set<SecretRef> { [] }
  package var machine: HostID? { nil }
  package func claims(on host: HostID) -> [Claim] { [] }
  package var lockout: Lockout { .impossible }
  package var impact: Impact { .nothing }
  package var isRemoval: Bool { true }

  package var timing: OperationTiming {
    OperationTiming(expectedSeconds: 2, varies: true, deadline: .seconds(15 * 60), lane: "image")
  }
  package var expectation: Expectation? { nil }

  package var target: String {
    let counts = Stored.Sort.allCases.compactMap { sort -> String? in
      let count = items.count { $0.id.sort == sort }
      return count == 0 ? nil : "\(count) \(count == 1 ? sort.one : sort.many)"
    }
    return counts.joined(separator: ", ") + " (\(items.reduce(0) { $0.plus($1.bytes) } >> 20) MiB)"
  }
  package func title(verb: String, machines: String) -> String { "remove \(target)" }
  package var counting: CountingWords { CountingWords("tidy", "head", "heads") }
  package var undoing: String { "what is needed again is built, fetched or copied again." }
}
