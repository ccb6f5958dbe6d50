// SPDX-License-Identifier: Apache-2.0
import CGit2
import ClusterModel
import Foundation
import Glibc
import HostAccess

/// Where a reference has been: git-reflog(1). One line a move: the commit before, the commit after, who, why.
extension GitRepository {
  /// Newest first, as far back as git remembers. A line that a power cut has spoilt is left out.
  func reflog(_ reference: String) throws(AuditError) -> [GitID] {
    let path = commonFolder + "logs/" + reference
    let bytes: [UInt8]
    do throws(AgentError) {
      guard try FileSystem.entry(path) != nil else { return [] }
      bytes = try FileSystem.read(path)
    } catch { throw AuditError(error) }
    return bytes.split(separator: UInt8(ascii: "\n")).reversed().compactMap { line in
      let words = line.split(separator: UInt8(ascii: " "), maxSplits: 2)
      return words.count == 3 ? GitID(hexadecimal: words[1]) : nil
    }
  }

  /// Not synced: a power cut may take lines away, and the history itself is not told by them.
  func appendToReflog(
    _ reference: String, from old: GitID?, to new: GitID, by author: GitAuthor, because message: String
  ) throws(AuditError) {
    let path = commonFolder + "logs/" + reference
    let words = message.split(whereSeparator: \.isNewline).joined(separator: " ")
    let before = old.map(\.description) ?? String(repeating: "0", count: 40)
    let line = Array("\(before) \(new) \(author.line)\t\(words)\n".utf8)
    do throws(AgentError) {
      try FileSystem.makeFolder(FileSystem.parent(path))
      let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
      guard file >= 0 else { throw FileSystem.failure("\(path) cannot be opened", at: path) }
      defer { close(file) }
      guard write(file, line, line.count) == line.count else {
        throw FileSystem.failure("\(path) cannot be written", at: path)
      }
    } catch { throw AuditError(error) }
  }
}
