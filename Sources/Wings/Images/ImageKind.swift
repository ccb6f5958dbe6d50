// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// A client image on every head, named by the digest of what it is made from.
///
/// - One head builds, the others fetch what it built and verify it, so all serve the same bytes.
/// - A head that does not exist yet needs no step: the capture that it is installed from brings the image along.
/// - A head that cannot be reached does not hold the others back; its part is planned when it answers again.
/// - Removal deletes the images that no spec names any more. A changed image is a new digest: the one before stays
///   until the image itself goes, because nodes may still run it.
package enum ImageKind: ResourceKind {
  package static let name = "image"
  package static let removalRank = 25

  package struct Desired: DesiredState {
    package var recipe: ImageRecipe
    package var heads: [Place]

    package init(recipe: ImageRecipe, heads: [Place]) {
      self.recipe = recipe
      self.heads = heads
    }
  }

  /// A head that serves the image.
  package struct Place: Hashable, Codable, Sendable {
    package var head: HostID
    /// Where the other heads fetch it from: `http://10.1.0.1:8080/images`.
    package var url: String
    /// It is installed from an image, so what it would build one from is written after the images.
    package var isClone: Bool

    package init(head: HostID, url: String, isClone: Bool) {
      self.head = head
      self.url = url
      self.isClone = isClone
    }
  }

  package struct Actual: Hashable, Sendable {
    /// Heads that have it.
    package var present: Set<HostID>
    /// Heads that answered and do not have it.
    package var missing: Set<HostID>
  }

  package static func id(_ image: String) -> ResourceID { ResourceID(name, image) }
}

extension ImageKind {
  package static func questions(_ id: ResourceID, _ desired: Desired) -> [Question] {
    desired.heads.map { Question($0.head, probe(desired)) }
  }

  package static func interpret(
    _ id: ResourceID, _ desired: Desired, _ answers: Answers
  ) throws(Unreadable) -> Actual? {
    var actual = Actual(present: [], missing: [])
    var unknown: Unreadable?
    for place in desired.heads {
      do throws(Unreadable) {
        guard let state = try answers.answer(place.head, probe(desired)) else { continue }
        if state == nil { actual.missing.insert(place.head) } else { actual.present.insert(place.head) }
      } catch {
        unknown = unknown ?? error
      }
    }
    if actual.present.isEmpty && actual.missing.isEmpty, let unknown { throw unknown }
    return actual.present.isEmpty ? nil : actual
  }

  static func probe(_ desired: Desired) -> ImageProbe {
    ImageProbe(desired.recipe.name, digest: desired.recipe.digest)
  }
}

extension ImageKind {
  package static func steps(
    _ id: ResourceID, _ desired: Desired, _ actual: Actual?, _ context: PlanContext
  ) throws(Unreadable) -> [StepDraft] {
    let recipe = desired.recipe
    let reachable = desired.heads.filter { context.answers.isReachable($0.head) }
    let holders = reachable.filter { actual?.present.contains($0.head) == true }
    var lacking = reachable.filter { actual?.present.contains($0.head) != true }
    var drafts: [StepDraft] = []
    // The active head serves, so it has the image first. A clone builds only where no other head can.
    let builders = lacking.filter { !$0.isClone }
    guard let source = active(holders, context) ?? active(builders, context) ?? active(lacking, context) else {
      return []
    }
    if holders.isEmpty {
      drafts.append(
        StepDraft(
          "build", on: source.head, EnsureImage(recipe), because: "no head has \(recipe.name)/\(recipe.digest)",
          changes: changes(from: (context.previous as? Desired)?.recipe, to: recipe)))
      lacking.removeAll { $0.head == source.head }
    }
    for (index, place) in lacking.enumerated() {
      drafts.append(
        StepDraft(
          "fetch-\(place.head)", on: place.head,
          EnsureImageFetched(
            name: recipe.name, digest: recipe.digest, source: source.url, signature: recipe.signature),
          because: "\(place.head) does not have \(recipe.name)/\(recipe.digest)", independent: index > 0))
    }
    return drafts
  }

  /// Nodes may run it still: `LeftoversKind` takes it away when none does.
  package static func removal(
    _ id: ResourceID, _ previous: Desired, _ actual: Actual, _ context: PlanContext
  ) -> [StepDraft] { [] }

  private static func active(_ places: [Place], _ context: PlanContext) -> Place? {
    places.first { $0.head == context.activeHead } ?? places.first
  }
}

extension ImageKind {
  /// The contents of a new image; or, when an earlier run wanted another one of that name, the differences.
  static func changes(from previous: ImageRecipe?, to recipe: ImageRecipe) -> [String] {
    guard let previous, previous.digest != recipe.digest else { return contents(recipe) }
    let settings = [
      ("release", previous.suite, recipe.suite), ("base", base(previous), base(recipe)),
      ("kernel", previous.kernel, recipe.kernel),
      ("mirror", previous.mirror ?? "default", recipe.mirror ?? "default"),
      ("as_of", previous.asOf?.description ?? "none", recipe.asOf?.description ?? "none"),
      ("snapshot", previous.snapshot ?? "none", recipe.snapshot ?? "none"),
      ("signed", previous.signature == nil ? "no" : "yes", recipe.signature == nil ? "no" : "yes"),
    ]
    return settings.filter { $0.1 != $0.2 }.map { "\($0.0) \($0.1) -> \($0.2)" }
      + difference(previous.packages, recipe.packages) + overlays("files", previous.overlays, recipe.overlays)
      + overlays("run", previous.finish, recipe.finish)
      + lines("link", links(previous), links(recipe))
      + lines("permissions", permissions(previous), permissions(recipe))
      + lines("without", previous.secretPaths, recipe.secretPaths)
      + lines("keep", previous.keep.map(\.rawValue), recipe.keep.map(\.rawValue))
      + lines("repository", previous.extra.map(\.words), recipe.extra.map(\.words))
  }

  private static func base(_ recipe: ImageRecipe) -> String { recipe.oci?.words ?? "none" }

  private static func links(_ recipe: ImageRecipe) -> [String] { recipe.links.map { "/\($0.key) to \($0.value)" } }

  private static func permissions(_ recipe: ImageRecipe) -> [String] {
    recipe.permissions.map { "\($0.path) \($0.owner) 0\(String($0.mode, radix: 8))" }
  }

  private static func lines(_ word: String, _ old: [String], _ new: [String]) -> [String] {
    difference(old, new).map { "\($0.prefix(2))\(word) \($0.dropFirst(2))" }
  }

  private static func difference(_ old: [String], _ new: [String]) -> [String] {
    let (before, after) = (Set(old), Set(new))
    return after.subtracting(before).sorted().map { "+ \($0)" } + before.subtracting(after).sorted().map { "- \($0)" }
  }

  private static func overlays(
    _ word: String, _ old: [ImageRecipe.Overlay], _ new: [ImageRecipe.Overlay]
  ) -> [String] {
    let before = Dictionary(old.map { ($0.path, $0.digest) }) { first, _ in first }
    let after = Dictionary(new.map { ($0.path, $0.digest) }) { first, _ in first }
    return Set(before.keys).union(after.keys).sorted().compactMap { path in
      switch (before[path], after[path]) {
      case (nil, .some): "+ \(word) \(path)"
      case (.some, nil): "- \(word) \(path)"
      case (let old, let new): old == new ? nil : "* \(word) \(path): other contents"
      }
    }
  }

  private static func contents(_ recipe: ImageRecipe) -> [String] {
    ["release \(recipe.suite)"] + (recipe.oci.map { ["base \($0.words)"] } ?? []) + [
      "kernel \(recipe.kernel)", "packages \(recipe.packages.joined(separator: " "))",
    ]
      + recipe.overlays.map { "files \($0.path)" } + recipe.finish.map { "run \($0.path)" }
      + links(recipe).sorted().map { "link \($0)" } + permissions(recipe).map { "permissions \($0)" }
      + recipe.secretPaths.sorted().map { "without \($0)" } + recipe.extra.map { "repository \($0.words)" }
      + recipe.keep.map { "keep \($0.rawValue)" }
  }
}
