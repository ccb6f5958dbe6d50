// SPDX-License-Identifier: Apache-2.0
import Foundation

/// JSON as the record keeps it: a line for each element of the outermost lists of objects and for each of the `files`
/// of a tree, and none for anything else.
///
/// So the difference between two runs names the step, the resource or the node that changed, and no more.
enum RecordJSON {
  /// One element of such a list in a line of its own begins with this.
  static let indent = Array("  ".utf8)

  static func encoder() -> JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return encoder
  }

  /// The same document with its lines broken as above. `json` may be laid out in any way.
  static func lines(_ json: some Collection<UInt8>) -> [UInt8] {
    var layout = Layout()
    layout.bytes.reserveCapacity(json.count + json.count / 16)
    // Data is slow byte by byte.
    let isContiguous: Void? = json.withContiguousStorageIfAvailable { for byte in $0 { layout.take(byte) } }
    if isContiguous == nil { for byte in json { layout.take(byte) } }
    return layout.bytes
  }

  private struct Layout {
    var bytes: [UInt8] = []
    private var isInString = false
    private var isEscaped = false
    private var depth = 0
    /// How deep the list is whose elements have lines of their own. Nil outside of one.
    private var listed: Int?
    private static let files = Array(#""files":{"#.utf8)

    mutating func take(_ byte: UInt8) {
      if isInString { return takeInString(byte) }
      switch byte {
      case UInt8(ascii: " "), UInt8(ascii: "\n"), UInt8(ascii: "\t"), UInt8(ascii: "\r"): return
      case UInt8(ascii: "\""):
        isInString = true
        if listed == nil, bytes.last == UInt8(ascii: "{"), bytes.suffix(Self.files.count) == Self.files[...] {
          listed = depth
          breakLine()
        }
      case UInt8(ascii: "{"):
        if listed == nil, bytes.last == UInt8(ascii: "[") {
          listed = depth
          breakLine()
        }
        depth += 1
      case UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "]"), UInt8(ascii: "}"):
        if listed == depth {
          listed = nil
          bytes.append(UInt8(ascii: "\n"))
        }
        depth -= 1
      case UInt8(ascii: ",") where listed == depth:
        bytes.append(byte)
        return breakLine()
      default: break
      }
      bytes.append(byte)
    }

    private mutating func takeInString(_ byte: UInt8) {
      bytes.append(byte)
      if isEscaped {
        isEscaped = false
      } else if byte == UInt8(ascii: "\\") {
        isEscaped = true
      } else if byte == UInt8(ascii: "\"") {
        isInString = false
      }
    }

    private mutating func breakLine() { bytes += [UInt8(ascii: "\n")] + RecordJSON.indent }
  }
}
