// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

extension Form where Value == ClientImage.Permission {
  /// An owner, a group and a mode; the path is the key's: `root:root 0600`.
  package static var permission: Form {
    text(
      "an owner, a group and a mode", code: .badPermission,
      pattern: "^[a-z_][a-z0-9_-]{0,31}:[a-z_][a-z0-9_-]{0,31} [0-7]{3,4}$", examples: ["root:root 0600"]
    ) { text in
      let words = text.split(separator: " ", omittingEmptySubsequences: false)
      let names = (words.first ?? "").split(separator: ":", omittingEmptySubsequences: false)
      guard words.count == 2, names.count == 2, names.allSatisfy(isAccount), (3...4).contains(words[1].utf8.count),
        let mode = UInt16(words[1], radix: 8), mode <= 0o7777
      else {
        return .wrong(
          "`\(shown(text))` is not an owner, a group and a mode.",
          help: "Write them as chown(1) and chmod(1) take them: `root:root 0600`.")
      }
      return .value(ClientImage.Permission(path: "", owner: String(words[0]), mode: mode))
    }
  }

  /// The names that useradd(8) takes.
  private static func isAccount(_ name: Substring) -> Bool {
    (1...32).contains(name.utf8.count)
      && name.utf8.enumerated().allSatisfy { index, byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): index > 0
        default: false
        }
      }
  }
}
