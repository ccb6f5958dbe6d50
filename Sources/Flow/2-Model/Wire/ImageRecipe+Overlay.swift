// SPDX-License-Identifier: Apache-2.0

extension ImageRecipe.Overlay {
  /// The digest of a folder: of every file's path, contents and whether it can be run, in the order of paths.
  package static func digest(of files: [String: (contents: String, executable: Bool)]) -> String {
    SHA256.hex(
      files.sorted { $0.key < $1.key }.map { path, file in
        "\(file.contents) \(file.executable ? "x" : "-") \(path)\n"
      }.joined())
  }

  /// A folder that a tree of ours makes, or a folder within one.
  package init(path: String, files: [String: TreeGoal.Entry]) {
    self.init(
      path: path, digest: Self.digest(of: files.mapValues { (contents: $0.contents.digest, executable: $0.executable) })
    )
  }

  /// A single program.
  package init(path: String, program: Content) {
    self.init(path: path, digest: program.digest)
  }
}

extension ImageRecipe {
  /// What the packages of an image are made from: images with one key differ in their files only, and share the work.
  package var layerKey: String {
    String(
      SHA256.hex(
        ["layer-format 1", suite, mirror ?? "default", kernel, packages.joined(separator: " ")]
          .joined(separator: "\n")
      ).prefix(16))
  }
}
