// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

extension ImageRecipeProbe: MemoryProbe {
  func answer(of asked: AskedMachine) -> ImageRecipe? { asked.machine.imageRecipes["\(image)/\(digest)"] }
}

extension ImageBytesProbe: MemoryProbe {
  /// Images in memory have no files, so one that somebody has put at the place of one is another.
  func answer(of asked: AskedMachine) -> ImageBytes? {
    guard let state = asked.machine.images["\(image)/\(digest)"] else { return nil }
    let folder = "/srv/cluster/images/\(image)/\(digest)"
    return ImageBytes(
      squashfs: state.squashfs,
      wrong: ["root.squashfs", "boot.ipxe", "vmlinuz", "initrd"].filter {
        asked.machine.files["\(folder)/\($0)"] != nil
      })
  }
}

extension ImageDifferenceProbe: MemoryProbe {
  /// An image in memory has a list of files for each package, as dpkg(1) keeps it, and the site's links.
  func answer(of asked: AskedMachine) -> ImageDifference? {
    guard let old = Self.files(of: old, asked.machine), let new = Self.files(of: new, asked.machine) else { return nil }
    let files = Set(old.keys).union(new.keys).sorted().compactMap { path -> ImageDifference.File? in
      switch (old[path], new[path]) {
      case (nil, .some): .init(path: path, change: .added)
      case (.some, nil): .init(path: path, change: .removed)
      case (let before, let after):
        before == after ? nil : .init(path: path, change: .changed, details: ["other contents"])
      }
    }
    return ImageDifference(files: files)
  }

  private static func files(of image: String, _ machine: FakeMachine) -> [String: String]? {
    guard let state = machine.images[image] else { return nil }
    var files = Dictionary(
      state.packages.map { ("/var/lib/dpkg/info/\($0.key).list", $0.value) }
    ) { first, _ in first }
    for (path, target) in machine.imageRecipes[image]?.links ?? [:] { files["/\(path)"] = target }
    return files
  }
}
