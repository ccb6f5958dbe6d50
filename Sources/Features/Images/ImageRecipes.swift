// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Resources

/// What each client image is made from. The recipe's digest names the image, so boot scripts can be made before it is.
package enum ImageRecipes {
  /// Our own files of every image, on the heads.
  static let payload = "/usr/share/cluster/images/payload"
  /// A site's own files of one image, on the heads.
  static func site(_ image: String) -> String { "/usr/share/cluster/images/site/\(image)/files" }
  static func programs(_ image: String) -> String { "/usr/share/cluster/images/site/\(image)/run" }

  package static func recipe(_ image: ClientImage, _ cluster: Cluster, _ files: SiteFiles) -> ImageRecipe {
    var overlays = [ImageRecipe.Overlay(path: payload, files: ImagePayload.files)]
    let own = siteFiles(image, files)
    if !own.isEmpty { overlays.append(.init(path: site(image.name), files: own)) }
    let finish = programFiles(image, files).sorted { $0.key < $1.key }.map { name, entry in
      ImageRecipe.Overlay(path: programs(image.name) + "/" + name, program: entry.contents)
    }
    return ImageRecipe(
      name: image.name, suite: String(image.release.split(separator: "/").last ?? "bookworm"),
      mirror: cluster.repositories.mirror, proxy: cluster.repositories.proxy, kernel: image.kernel,
      packages: image.install, overlays: overlays, finish: finish)
  }

  static func siteFiles(_ image: ClientImage, _ files: SiteFiles) -> [String: TreeGoal.Entry] {
    guard let folder = image.files else { return [:] }
    return files.below(folder).mapValues { TreeGoal.Entry($0.contents, executable: $0.executable) }
  }

  /// Numbered, so that they run in the order of the description.
  static func programFiles(_ image: ClientImage, _ files: SiteFiles) -> [String: TreeGoal.Entry] {
    var entries: [String: TreeGoal.Entry] = [:]
    for (index, path) in image.run.enumerated() {
      guard let file = files.files[path] else { continue }
      let name = path.split(separator: "/").last.map(String.init) ?? "program"
      entries["\(index + 1)-\(name)"] = TreeGoal.Entry(file.contents, executable: true)
    }
    return entries
  }
}
