// SPDX-License-Identifier: Apache-2.0

/// Who wrote a commit, and when.
struct GitAuthor {
  /// As a commit's header has it; what would end a field early is left out.
  let line: String

  /// - Parameter time: seconds since 1970.
  init(name: String, email: String, time: Int) {
    line = "\(Self.clean(name)) <\(Self.clean(email))> \(time) +0000"
  }

  private static func clean(_ text: String) -> String {
    // All of these are single bytes, which are in no other character.
    let kept = text.utf8.filter { !"<>\n\r\0".utf8.contains($0) }
    let words = kept.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
    return words.isEmpty ? "unknown" : words.joined(separator: " ")
  }
}

/// A commit: the lines of its header and its message. See gitformat-commit in git's documentation of `git cat-file`.
struct GitCommit {
  var id: GitID
  var tree: GitID
  var parents: [GitID]
  /// The committer's, in seconds since 1970.
  var time: Int
  var message: String
  /// The armoured signature. Nil for a commit that is not signed.
  var signature: String?

  var subject: String { String(message.prefix { !$0.isNewline }) }

  /// `Key: value` lines of the message's last paragraph, as git-interpret-trailers(1) finds them.
  var trailers: [String: String] {
    let bytes = message.utf8
    var found: [String: String] = [:]
    for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).reversed() {
      if line.isEmpty {
        if found.isEmpty { continue }
        break
      }
      guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
      let value = line[line.index(after: colon)...].drop { $0 == UInt8(ascii: " ") }
      found[String(decoding: line[..<colon], as: UTF8.self)] = String(decoding: value, as: UTF8.self)
    }
    return found
  }

  /// The bytes of a new commit. A signature goes into its header `gpgsig`, as gitformat-signature(5) says.
  static func bytes(
    tree: GitID, parents: [GitID], author: GitAuthor, message: String, signature: String? = nil
  ) -> [UInt8] {
    var lines = ["tree \(tree)"] + parents.map { "parent \($0)" }
    lines += ["author \(author.line)", "committer \(author.line)"]
    if let signature {
      let armour = signature.split(separator: "\n", omittingEmptySubsequences: true)
      lines.append("gpgsig " + armour.joined(separator: "\n "))
    }
    return Array((lines.joined(separator: "\n") + "\n\n" + message).utf8)
  }

  /// Nil for bytes that are no commit.
  init?(id: GitID, bytes: UnsafeRawBufferPointer) {
    var (tree, parents, time, signature): (GitID?, [GitID], Int?, [UInt8]?) = (nil, [], nil, nil)
    var rest = bytes[...]
    var inSignature = false
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")), end > rest.startIndex {
      let line = rest[rest.startIndex..<end]
      rest = rest[(end + 1)...]
      if line.first == UInt8(ascii: " ") {
        if inSignature { signature? += [UInt8(ascii: "\n")] + line.dropFirst() }
        continue
      }
      inSignature = false
      if line.starts(with: "tree ".utf8) {
        tree = GitID(hexadecimal: line.dropFirst(5))
      } else if line.starts(with: "parent ".utf8) {
        guard let parent = GitID(hexadecimal: line.dropFirst(7)) else { return nil }
        parents.append(parent)
      } else if line.starts(with: "committer ".utf8) {
        time = Self.time(line)
      } else if line.starts(with: "gpgsig ".utf8) {
        (signature, inSignature) = (Array(line.dropFirst(7)), true)
      }
    }
    guard let tree, let time, !rest.isEmpty else { return nil }
    self.id = id
    self.tree = tree
    self.parents = parents
    self.time = time
    self.signature = signature.map { String(decoding: $0, as: UTF8.self) }
    message = String(decoding: rest.dropFirst(), as: UTF8.self)
  }

  /// The last but one word: `committer Ada <ada@example.org> 1700000100 +0000`.
  private static func time(_ line: Slice<UnsafeRawBufferPointer>) -> Int? {
    let words = line.split(separator: UInt8(ascii: " "))
    return words.count < 3 ? nil : Int(String(decoding: words[words.count - 2], as: UTF8.self))
  }
}
