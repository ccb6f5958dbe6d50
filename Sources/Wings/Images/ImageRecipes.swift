// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// What each client image is made from. The recipe's digest names the image, so boot scripts can be made before it is.
package enum ImageRecipes {
  /// Our own files of every image, on the heads.
  static let payload = "/usr/share/cluster/images/payload"
  static let programsOfOurs = "/usr/share/cluster/images/programs"
  /// The site's time zone, for every image, on the heads.
  static let timezone = "/usr/share/cluster/images/timezone"
  /// A site's own files of one image, on the heads.
  static func site(_ image: String) -> String { "/usr/share/cluster/images/site/\(image)/files" }
  static func programs(_ image: String) -> String { "/usr/share/cluster/images/site/\(image)/run" }

  package static func recipe(_ image: ClientImage, _ cluster: Cluster, _ files: SiteFiles) -> ImageRecipe {
    let zone = timezoneFiles(cluster)
    var overlays = [payloadOverlay]
    if !zone.isEmpty { overlays.append(.init(path: timezone, files: zone)) }
    let own = siteFiles(image, files)
    if !own.isEmpty { overlays.append(.init(path: site(image.name), files: own)) }
    let site = image.run.enumerated().compactMap { index, path in
      files.files[path].map {
        ImageRecipe.Overlay(path: programs(image.name) + "/" + programName(index, path), program: $0.contents)
      }
    }
    let finish = [finishOverlay] + (zone.isEmpty ? [] : [timezoneOverlay]) + site
    let packages = Set(image.install).union(ImagePayload.packages).union(zone.isEmpty ? [] : [TimeZone.package])
    return ImageRecipe(
      name: image.name, suite: String(image.release.split(separator: "/").last ?? "bookworm"),
      mirror: cluster.repositories.mirror, proxy: cluster.repositories.proxy, kernel: image.kernel,
      packages: packages.sorted(), overlays: overlays, finish: finish)
  }

  // The same for every image of every site, and digested once.
  private static let payloadOverlay = ImageRecipe.Overlay(path: payload, files: ImagePayload.files)
  private static let finishOverlay = ImageRecipe.Overlay(
    path: programsOfOurs + "/finish", program: ImagePayload.finish.contents)
  private static let timezoneOverlay = ImageRecipe.Overlay(
    path: programsOfOurs + "/timezone", program: ImagePayload.timezone.contents)

  static func timezoneFiles(_ cluster: Cluster) -> [String: TreeGoal.Entry] {
    guard let zone = cluster.timezone else { return [:] }
    return ["etc/timezone": TreeGoal.Entry(.text(TimeZone.text(zone)))]
  }

  /// Programs of ours that run in images' roots.
  static func ownPrograms(_ cluster: Cluster) -> [String: TreeGoal.Entry] {
    let always = ["finish": ImagePayload.finish]
    return cluster.timezone == nil ? always : always.merging(["timezone": ImagePayload.timezone]) { own, _ in own }
  }

  static func siteFiles(_ image: ClientImage, _ files: SiteFiles) -> [String: TreeGoal.Entry] {
    guard let folder = image.files else { return [:] }
    return files.below(folder).mapValues { TreeGoal.Entry($0.contents, executable: $0.executable) }
  }

  static func programFiles(_ image: ClientImage, _ files: SiteFiles) -> [String: TreeGoal.Entry] {
    var entries: [String: TreeGoal.Entry] = [:]
    for (index, path) in image.run.enumerated() {
      guard let file = files.files[path] else { continue }
      entries[programName(index, path)] = TreeGoal.Entry(file.contents, executable: true)
    }
    return entries
  }

  /// Numbered: two of them may have one name in different folders.
  private static func programName(_ index: Int, _ path: String) -> String {
    "\(index + 1)-\(path.split(separator: "/").last.map(String.init) ?? "program")"
  }
}
