// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The meaning of `--target` or `--exclude`: machines as a hostlist, or resources by their ids. A `*`
/// stands for anything.
package struct Selector: Sendable {
  package let text: String
  private let exact: Set<String>
  private let patterns: [String]
  private let isResource: Bool

  /// Reads a selector. Nil when it is neither a hostlist nor an id.
  package init?(_ text: String) {
    self.text = text
    isResource = text.contains(":")
    let parts: [String]
    if isResource {
      parts = [text]
    } else {
      guard let names = HostlistText.expand(text) else { return nil }
      parts = names
    }
    exact = Set(parts.filter { !$0.contains("*") })
    patterns = parts.filter { $0.contains("*") }
  }

  /// Steps on a head that are about another machine belong to that machine.
  func matches(_ step: Step) -> Bool {
    isResource
      ? holds(step.resource.description) || holds(step.id.text)
      : holds((step.operation.machine ?? step.host).name)
  }

  func matches(_ resource: ResourceID) -> Bool { matches(resource, of: resource.host) }

  /// - Parameter machine: whose it counts as. Nil: the cluster's.
  func matches(_ resource: ResourceID, of machine: HostID?) -> Bool {
    isResource ? holds(resource.description) : machine.map { holds($0.name) } ?? false
  }

  /// The parts of it that stand for nothing there is.
  package func unmatched(machines: Set<String>, resources: Set<String>) -> [String] {
    let known = isResource ? resources : machines
    return exact.subtracting(known).sorted()
      + patterns.filter { pattern in !known.contains { Glob.matches($0, pattern) } }
  }

  private func holds(_ text: String) -> Bool {
    exact.contains(text) || patterns.contains { Glob.matches(text, $0) }
  }
}
