// SPDX-License-Identifier: Apache-2.0

/// The rule by which an installer finds the disk that it may write to. It refuses when the rule fits several disks.
package enum DiskRule: Hashable, Codable, Sendable {
  /// The only disk that has nothing on it.
  case only
  /// A device file: `/dev/nvme0n1`, or better a link below `/dev/disk/by-id`, which is not another disk's tomorrow.
  case path(String)
  /// The disk's own words for itself, whole, as `lsblk --output MODEL,SERIAL` shows them.
  case model(String)
  case serial(String)
  case smallest
  case largest

  private static let words: [(prefix: String, make: @Sendable (String) -> DiskRule)] = [
    ("model:", { .model($0) }), ("serial:", { .serial($0) }),
  ]

  /// Reads the text of a description. Nil: it is no rule.
  package init?(_ text: String) {
    switch text {
    case "smallest": self = .smallest
    case "largest": self = .largest
    default:
      if text.hasPrefix("/dev/") {
        let parts = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 2, parts.allSatisfy({ !$0.isEmpty && $0 != "." && $0 != ".." }), Self.isPlain(text) else {
          return nil
        }
        self = .path(text)
        return
      }
      guard let word = Self.words.first(where: { text.hasPrefix($0.prefix) }) else { return nil }
      let name = text.dropFirst(word.prefix.count).drop { $0 == " " }
      guard !name.isEmpty, Self.isPlain(String(name)) else { return nil }
      self = word.make(String(name))
    }
  }

  private static func isPlain(_ text: String) -> Bool {
    text.utf8.count <= 200 && text.utf8.allSatisfy { (0x20..<0x7f).contains($0) }
  }

  /// One word for the kernel's command line, percent-encoded (RFC 3986).
  package var argument: String {
    switch self {
    case .only: "only"
    case .path(let path): Self.encoded(path)
    case .model(let model): "model:" + Self.encoded(model)
    case .serial(let serial): "serial:" + Self.encoded(serial)
    case .smallest: "smallest"
    case .largest: "largest"
    }
  }

  private static func encoded(_ text: String) -> String {
    text.utf8.map { byte in
      let character = Character(Unicode.Scalar(byte))
      if character.isASCII, character.isLetter || character.isNumber || "/_.:-".contains(character) {
        return String(character)
      }
      let digits = String(byte, radix: 16, uppercase: true)
      return "%" + (digits.count == 1 ? "0" : "") + digits
    }.joined()
  }

  /// For the plan: what is overwritten.
  package var words: String {
    switch self {
    case .only: "the only disk that is empty"
    case .path(let path): "the disk \(path)"
    case .model(let model): "the disk of model \"\(model)\""
    case .serial(let serial): "the disk with serial number \"\(serial)\""
    case .smallest: "the smallest disk"
    case .largest: "the largest disk"
    }
  }
}
