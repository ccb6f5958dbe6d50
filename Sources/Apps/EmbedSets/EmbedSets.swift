// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Writes the files below a folder as a table in Swift: `embed-sets FOLDER OUTPUT CLANG GATE...`. Run by the build.
///
/// GATE are the sources of the library that the set `slurm` puts in front of slurmctld. They are compiled here, and
/// become a file of that set.
@main struct EmbedSets {
  private static let place = "slurm/heads/usr/lib/cluster/sets/slurm/gate.so"

  static func main() throws {
    let arguments = CommandLine.arguments
    guard arguments.count >= 5 else { throw Refusal(what: "usage: embed-sets FOLDER OUTPUT CLANG GATE...") }
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
    text += "  ]\n\n  /// Each character is a byte.\n  static let libraries: [(path: String, bytes: String)] = [\n"
    text += "    (\(place.debugDescription), \"\(escaped(try compiled(Array(arguments[4...]), by: arguments[3])))\")\n"
    try Data((text + "  ]\n}\n").utf8).write(to: URL(filePath: arguments[2]))
  }

  /// The same bytes from the same compiler, wherever the source lies: another file would restart slurmctld.
  private static func compiled(_ sources: [String], by compiler: String) throws -> Data {
    let library = FileManager.default.temporaryDirectory.appending(path: "embed-sets-\(UUID()).so")
    defer { try? FileManager.default.removeItem(at: library) }
    let run = Process()
    run.executableURL = URL(filePath: compiler)
    run.arguments =
      [
        "-std=gnu17", "-O2", "-g0", "-Wall", "-Wextra", "-Werror", "-fPIC", "-ftls-model=initial-exec", "-shared",
        "-Wl,-z,defs", "-Wl,--build-id=none", "-s", "-o", library.path,
      ] + sources
    try run.run()
    run.waitUntilExit()
    guard run.terminationReason == .exit, run.terminationStatus == 0 else {
      throw Refusal(what: "\(sources.joined(separator: " ")) do not compile")
    }
    return try Data(contentsOf: library)
  }

  /// A byte as the character of that number, printable ones as they are.
  private static func escaped(_ bytes: Data) -> String {
    var text = ""
    for byte in bytes {
      let isPlain = (32..<127).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
      text += isPlain ? String(UnicodeScalar(byte)) : "\\u{\(String(byte, radix: 16))}"
    }
    return text
  }
}

struct Refusal: Error, CustomStringConvertible {
  let what: String
  var description: String { what }
}
