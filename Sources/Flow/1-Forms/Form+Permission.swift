// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

extension Form where Value == ClientImage.Permission {
  /// An owner, a group and a mode; the path is the key's: `root:root 0600`.
  package static var permission: Form { permission(takesNumbers: false) }

  /// The same, with numbers for accounts that only a directory knows. Where files are compared by the names of their
  /// owners, a number would never be reached.
  package static var permissionOrNumbers: Form { permission(takesNumbers: true) }

  private static func permission(takesNumbers: Bool) -> Form {
    let name = "[A-Za-z_][A-Za-z0-9_.-]{0,31}"
    let account = takesNumbers ? "(\(name)|[0-9]{1,10})" : name
    let words = takesNumbers ? "the owner and the group, by name or number" : "the owner and the group by their names"
    return text(
      "an owner, a group and a mode", code: .badPermission, pattern: "^\(account):\(account) [0-7]{3,4}$",
      examples: ["root:root 0600"]
    ) { text in
      let parts = text.split(separator: " ", omittingEmptySubsequences: false)
      let names = (parts.first ?? "").split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count == 2, names.count == 2, names.allSatisfy({ isAccount($0) || takesNumbers && isNumber($0) }),
        let mode = mode(parts[1])
      else {
        return .wrong(
          "`\(shown(text))` is not an owner, a group and a mode.",
          help: "Write \(words), and the mode in octal digits: `root:root 0600`.",
          replacement: mode(text[...]).map { _ in "root:root \(text)" }, isCertain: false)
      }
      return .value(ClientImage.Permission(path: "", owner: String(parts[0]), mode: mode))
    }
  }

  /// As chmod(1) takes it.
  private static func mode(_ text: Substring) -> UInt16? {
    guard (3...4).contains(text.utf8.count), text.utf8.allSatisfy({ (48...55).contains($0) }) else { return nil }
    return UInt16(text, radix: 8)
  }

  /// Names that Debian's packages make, such as `Debian-exim`, are among them.
  private static func isAccount(_ name: Substring) -> Bool {
    (1...32).contains(name.utf8.count)
      && isWord(name, first: { isAlphanumeric($0) && $0 > 57 || $0 == 95 }, rest: "_.-")
  }

  private static func isNumber(_ name: Substring) -> Bool {
    name.utf8.allSatisfy { (48...57).contains($0) } && UInt32(name).map { $0 < .max } == true
  }
}
