// SPDX-License-Identifier: Apache-2.0

/// Arguments of a node's kernel that the description adds to the program's own: see bootparam(7) and
/// kernel-command-line(7).
package struct KernelArguments: Hashable, Codable, Sendable {
  package var words: [String]

  package init(_ words: [String] = []) { self.words = words }

  package var isEmpty: Bool { words.isEmpty }
  /// Whether they say where the console is. The last one is `/dev/console`.
  package var nameConsoles: Bool { words.contains { $0.hasPrefix("console=") } }
  /// The consoles of a node whose description names none: its screen, and the first serial line.
  package static let consoles = "console=tty0 console=ttyS0,115200n8"

  /// All of them in a few digits, which a node that has them reports. Nil: there are none.
  package var tag: String? {
    isEmpty ? nil : String(SHA256.hex(words.joined(separator: " ")).prefix(Self.tagDigits))
  }
  package static let tagDigits = 16

  /// Names that the boot scripts give a value to.
  package static let reserved: Set<String> = [
    "boot", "initrd", "BOOTIF", "image", "head", "mac", "systemd.hostname", "ip", "root",
  ]
  package static let reservedPrefix = "cluster."
}
