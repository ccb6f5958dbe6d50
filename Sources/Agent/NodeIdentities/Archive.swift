// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// A tar archive (POSIX ustar) of small files, with owners by name: the same bytes for the same files.
struct Archive {
  private static let block = 512
  /// No account has this number; a name that the reader does not know leads to it, and not to root.
  private static let nobody = 0o7_777_777

  private(set) var bytes: [UInt8] = []

  /// Adds a file by its whole path.
  mutating func add(_ path: String, _ contents: [UInt8], owner: String, mode: UInt16) {
    let name = Array(path.utf8.drop { $0 == UInt8(ascii: "/") })
    if name.count > 99 {
      // As GNU tar writes a long name: as the contents of a file before it.
      header(Array("././@LongLink".utf8), size: name.count + 1, owner: "root:root", mode: 0, type: "L")
      append(name + [0])
    }
    header(Array(name.prefix(99)), size: contents.count, owner: owner, mode: mode, type: "0")
    append(contents)
  }

  /// The archive as a whole, with the two empty blocks at its end.
  var closed: [UInt8] { bytes + [UInt8](repeating: 0, count: 2 * Self.block) }

  private mutating func append(_ contents: [UInt8]) {
    bytes += contents
    bytes += [UInt8](repeating: 0, count: (Self.block - contents.count % Self.block) % Self.block)
  }

  private mutating func header(_ name: [UInt8], size: Int, owner: String, mode: UInt16, type: Character) {
    let owners = owner.split(separator: ":").map { Array($0.utf8) }
    let isRoot = owners.map { $0 == Array("root".utf8) }
    var header = [UInt8](repeating: 0, count: Self.block)
    func put(_ bytes: some Collection<UInt8>, _ offset: Int) {
      for (index, byte) in bytes.enumerated() { header[offset + index] = byte }
    }
    func octal(_ number: Int, _ offset: Int, digits: Int) {
      let text = String(number, radix: 8)
      put((String(repeating: "0", count: digits - text.utf8.count) + text).utf8, offset)
    }
    put(name, 0)
    octal(Int(mode), 100, digits: 7)
    octal(isRoot[0] ? 0 : Self.nobody, 108, digits: 7)
    octal(isRoot[1] ? 0 : Self.nobody, 116, digits: 7)
    octal(size, 124, digits: 11)
    octal(1_700_000_000, 136, digits: 11)
    put([UInt8](repeating: UInt8(ascii: " "), count: 8), 148)
    put(String(type).utf8, 156)
    put(Array("ustar\0".utf8) + Array("00".utf8), 257)
    put(owners[0].prefix(32), 265)
    put(owners[1].prefix(32), 297)
    octal(header.reduce(0) { $0 + Int($1) }, 148, digits: 6)
    header[154] = 0
    bytes += header
  }
}
