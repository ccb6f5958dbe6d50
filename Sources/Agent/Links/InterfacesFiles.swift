// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc
import HostAccess
import Wings

/// The files that ifupdown reads, from `/etc/network/interfaces` on: interfaces(5).
enum InterfacesFiles {
  /// More than any host has. Files that read each other in a circle are each read once.
  private static let most = 500

  static func all(from first: String = IfupdownKind.path) throws(AgentError) -> [String: String]? {
    guard try FileSystem.leadsToFile(first) else { return nil }
    var texts: [String: String] = [:]
    var rest = [first]
    while let path = rest.popLast() {
      if texts[path] != nil { continue }
      guard texts.count < most else {
        throw AgentError(
          .invalid, "ifupdown reads more than \(most) files", next: "Look for the lines `source` in them.")
      }
      guard let bytes = try FileSystem.contents(path, limit: 256 << 10),
        let text = String(validating: bytes, as: UTF8.self)
      else {
        throw AgentError(.invalid, "\(path) is no text", next: "Take what it says of our interfaces out of it.")
      }
      texts[path] = text
      let (patterns, folders) = InterfacesFile.sources(text)
      for pattern in patterns { for found in matches(pattern) where try isFile(found) { rest.append(found) } }
      for folder in folders where try FileSystem.entry(folder)?.kind == .folder {
        for name in try FileSystem.names(in: folder) where InterfacesFile.isRead(name) {
          if try isFile("\(folder)/\(name)") { rest.append("\(folder)/\(name)") }
        }
      }
    }
    return texts
  }

  private static func isFile(_ path: String) throws(AgentError) -> Bool { try FileSystem.leadsToFile(path) }

  /// The paths of a pattern of glob(7).
  private static func matches(_ pattern: String) -> [String] {
    var found = glob_t()
    defer { globfree(&found) }
    guard glob(pattern, 0, nil, &found) == 0, let paths = found.gl_pathv else { return [] }
    return (0..<Int(found.gl_pathc)).compactMap { index in paths[index].map { String(cString: $0) } }
  }
}

extension IfupdownProbe: AgentProbe {
  var shares: SharedFacts.Subjects { SharedFacts.Subjects() }

  func answer(on agent: Agent, _ context: ProbeContext) async throws(AgentError) -> [String: String]? {
    try InterfacesFiles.all()
  }
}
