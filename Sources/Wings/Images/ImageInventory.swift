// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The images of a site: those that are described, and those that heads have built or fetched.
package struct ImageInventory: Sendable {
  package struct Copy: Hashable, Encodable, Sendable {
    package var head: String
    /// Seconds since it was built or fetched there.
    package var age: Int
    /// The SHA-256 of its root. Nil: it is not complete, or the head cannot tell.
    package var squashfs: String?
    /// All its files.
    package var bytes: Int
  }

  package struct Image: Hashable, Encodable, Sendable {
    package var name: String
    package var digest: String
    /// It is what the description asks for now.
    package var isDescribed: Bool
    package var copies: [Copy]
    /// Versions by package. Nil: no head that answers has it complete.
    package var packages: [String: String]?
    /// Nodes in service whose image it is.
    package var boots: [HostID]
    /// Nodes that have told a head that they run it, or were sent to it last.
    package var runs: [HostID]

    package var id: String { "\(name)/\(digest)" }

    private enum CodingKeys: String, CodingKey {
      case name, digest, copies, boots, runs
      case isDescribed = "described"
    }

    package func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(name, forKey: .name)
      try container.encode(digest, forKey: .digest)
      try container.encode(isDescribed, forKey: .isDescribed)
      try container.encode(copies, forKey: .copies)
      try container.encode(boots.map(\.name), forKey: .boots)
      try container.encode(runs.map(\.name), forKey: .runs)
    }
  }

  /// The images in the order of names; of one name the described one first, then the newest.
  package var images: [Image]
  /// Heads that did not tell what they have.
  package var silent: [String]

  package static func questions(_ sight: ErrandSight) -> [Question] {
    sight.cluster.heads.flatMap { [Question($0.name, StoredProbe()), Question($0.name, NodeReportsProbe())] }
  }

  /// Asks about each copy, once it is known which there are.
  package static func questions(of stored: ErrandSight) -> [Question] {
    stored.cluster.heads.flatMap { head in
      copies(on: head.name, stored).compactMap { thing in
        parts(thing.id.name).map { Question(head.name, ImageProbe($0.name, digest: $0.digest)) }
      }
    }
  }

  /// - Parameters:
  ///   - stored: with the answers to `questions`.
  ///   - detailed: with those to `questions(of:)`.
  package init(_ described: [ImageRecipe], _ stored: ErrandSight, _ detailed: ErrandSight) {
    let cluster = stored.cluster
    var found: [String: Image] = [:]
    for recipe in described {
      let nodes = cluster.nodesInService.filter { $0.image == recipe.name }.map(\.name)
      found["\(recipe.name)/\(recipe.digest)"] = Image(
        name: recipe.name, digest: recipe.digest, isDescribed: true, copies: [], boots: nodes, runs: [])
    }
    silent = cluster.heads.map(\.name).filter { head in
      (try? stored.answers.answer(head, StoredProbe())) == nil
    }.map(\.name)
    for head in cluster.heads.map(\.name) {
      for thing in Self.copies(on: head, stored) {
        guard let (name, digest) = Self.parts(thing.id.name) else { continue }
        let state = (try? detailed.answers.answer(head, ImageProbe(name, digest: digest))) ?? nil
        var image =
          found[thing.id.name]
          ?? Image(name: name, digest: digest, isDescribed: false, copies: [], boots: [], runs: [])
        image.copies.append(Copy(head: head.name, age: thing.age, squashfs: state?.squashfs, bytes: thing.bytes))
        image.packages = image.packages ?? state?.packages
        found[thing.id.name] = image
      }
    }
    for (image, nodes) in Self.running(stored) { found[image]?.runs = nodes }
    images = found.values.sorted { a, b in
      if a.name != b.name { return a.name < b.name }
      if a.isDescribed != b.isDescribed { return a.isDescribed }
      let ages = [a, b].map { $0.copies.map(\.age).min() ?? .max }
      return ages[0] != ages[1] ? ages[0] < ages[1] : a.digest < b.digest
    }
  }

  private static func copies(on head: HostID, _ stored: ErrandSight) -> [Stored] {
    let things = (try? stored.answers.answer(head, StoredProbe())) ?? nil
    return (things ?? []).filter { $0.id.sort == .image }.sorted { $0.id < $1.id }
  }

  private static func parts(_ id: String) -> (name: String, digest: String)? {
    let parts = id.split(separator: "/")
    return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
  }

  /// Nodes by the images that they run, as any head has heard.
  private static func running(_ stored: ErrandSight) -> [String: [HostID]] {
    var names: [MACAddress: HostID] = [:]
    for node in stored.cluster.nodes {
      if let mac = stored.cluster.bootNIC(of: node)?.mac { names[mac] = node.name }
    }
    var nodes: [String: Set<HostID>] = [:]
    for head in stored.cluster.heads {
      for report in ((try? stored.answers.answer(head.name, NodeReportsProbe())) ?? nil) ?? [] {
        guard let node = names[report.mac] else { continue }
        for image in report.images { nodes[image, default: []].insert(node) }
      }
    }
    return nodes.mapValues { $0.sorted { $0.name < $1.name } }
  }

  /// The image that a person means: a name, the beginning of a digest, or both with a slash between.
  ///
  /// A name alone means the one that is described, or the newest. Nil: there is none, or there are several.
  package func image(_ word: String) -> Image? {
    if let named = images.first(where: { $0.name == word }) { return named }
    let parts = word.split(separator: "/", omittingEmptySubsequences: false)
    guard let digest = parts.last, digest.utf8.count >= 4, parts.count <= 2 else { return nil }
    let fitting = images.filter { $0.digest.hasPrefix(digest) && (parts.count == 1 || $0.name == parts[0]) }
    return fitting.count == 1 ? fitting[0] : nil
  }
}
