// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Writes the files below a folder as a table in Swift: `embed-sets FOLDER OUTPUT`. Run by the build.
@main struct EmbedSets {
  static func main() throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 3 else { throw Refusal(what: "usage: embed-sets FOLDER OUTPUT") }
    let folder = URL(filePath: arguments[1])
    var text = "extension BuiltInSets {\n  static let table: [(path: String, isExecutable: Bool, text: String)] = [\n"
    for path in try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted() {
      let file = folder.appending(path: path)
      let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
      guard attributes[.type] as? FileAttributeType == .typeRegular else { continue }
      guard let contents = String(data: try Data(contentsOf: file), encoding: .utf8) else {
        throw Refusal(what: "\(path) is not UTF-8")
      }
      let mode = (attributes[.posixPermissions] as? NSNumber)?.intValue ?? 0
      text += "    (\(path.debugDescription), \(mode & 0o100 != 0), \(contents.debugDescription)),\n"
    }
    try Data((text + "  ]\n}\n").utf8).write(to: URL(filePath: arguments[2]))
  }
}

struct Refusal: Error, CustomStringConvertible {
  let what: String
  var description: String { what }
}
