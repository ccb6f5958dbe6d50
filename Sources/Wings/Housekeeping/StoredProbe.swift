// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Something that a head keeps so that it need not be made or brought again.
package struct Stored: Hashable, Codable, Sendable {
  package enum Sort: String, Hashable, Codable, CaseIterable, Sendable {
    /// A client image: `compute/8fb6393f7f08e9a6`.
    case image
    /// The packages of images, by their key.
    case packages
    /// A build that ended halfway.
    case build
    /// A version of the agent's program.
    case agent

    package var many: String {
      switch self {
      case .image: "images"
      case .packages: "package layers"
      case .build: "unfinished builds"
      case .agent: "agents"
      }
    }
    package var one: String {
      switch self {
      case .image: "image"
      case .packages: "package layer"
      case .build: "unfinished build"
      case .agent: "agent"
      }
    }
  }

  /// Its name among those of its sort, which never changes with its contents.
  package struct Name: Hashable, Codable, Comparable, Sendable {
    package var sort: Sort
    package var name: String

    package init(_ sort: Sort, _ name: String) {
      self.sort = sort
      self.name = name
    }

    package static func < (a: Self, b: Self) -> Bool { (a.sort.rawValue, a.name) < (b.sort.rawValue, b.name) }
  }

  package var id: Name
  package var bytes: Int
  /// Seconds since it was made.
  package var age: Int
  /// A program of it runs now.
  package var isRunning: Bool

  package init(_ id: Name, bytes: Int, age: Int, isRunning: Bool = false) {
    self.id = id
    self.bytes = bytes
    self.age = age
    self.isRunning = isRunning
  }
}

/// Everything that a head has stored, in any order.
package struct StoredProbe: Probe {
  package typealias Answer = [Stored]

  package static let name = "stored"

  package init() {}

  package var words: String { "stored images, packages and agents" }
  package var secrets: ProbeSecrets { .none }

  /// They follow from the runs before, and not from the description: after a way back they are others than then.
  package func recorded(_ stored: [Stored], _ nodes: NodeNames) -> [ObservedLines] { [] }

  package func explained(_ stored: [Stored], _ nodes: NodeNames) -> [String] {
    stored.sorted { $0.id < $1.id }.map { "\($0.id.sort.rawValue) \($0.id.name), \($0.bytes >> 20) MiB" }
  }
}
