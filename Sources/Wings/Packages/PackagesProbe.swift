// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The installed version of each package. One that is not installed is missing from the answer.
package struct PackagesProbe: Probe {
  package typealias Answer = [String: String]

  package static let name = "packages"

  package let names: [String]

  package init(_ names: [String]) { self.names = names }

  package var words: String { "packages \(names.joined(separator: " "))" }
  package var secrets: ProbeSecrets { .none }

  package func recorded(_ versions: [String: String], _ nodes: NodeNames) -> [ObservedLines] {
    [ObservedLines("packages", explained(versions, nodes))]
  }

  package func explained(_ versions: [String: String], _ nodes: NodeNames) -> [String] {
    names.map { "\($0) \(versions[$0] ?? "absent")" }.sorted()
  }
}
