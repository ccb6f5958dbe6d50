// SPDX-License-Identifier: Apache-2.0
import ClusterModel

extension ImageKind {
  /// What is in a new image; or, when an earlier run wanted another one of that name, what is different now.
  static func changes(from previous: ImageRecipe?, to recipe: ImageRecipe) -> [String] {
    guard let previous, previous.digest != recipe.digest else { return contents(recipe) }
    let settings = [
      ("release", previous.suite, recipe.suite), ("kernel", previous.kernel, recipe.kernel),
      ("mirror", previous.mirror ?? "default", recipe.mirror ?? "default"),
    ]
    return settings.filter { $0.1 != $0.2 }.map { "\($0.0) \($0.1) -> \($0.2)" }
      + packages(previous.packages, recipe.packages) + overlays("files", previous.overlays, recipe.overlays)
      + overlays("run", previous.finish, recipe.finish)
  }

  private static func packages(_ old: [String], _ new: [String]) -> [String] {
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
    ["release \(recipe.suite)", "kernel \(recipe.kernel)", "packages \(recipe.packages.joined(separator: " "))"]
      + recipe.overlays.map { "files \($0.path)" } + recipe.finish.map { "run \($0.path)" }
  }
}
