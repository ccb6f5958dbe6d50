// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// The UUID of a machine, as its firmware tells its own system (SMBIOS 7.2.1) and as its BMC tells the network (Get
/// System GUID, IPMI 2.0, 22.14).
///
/// BMCs disagree on the order of its bytes, so each of the three orders that are in use counts as the same.
struct SystemUUID: Sendable, CustomStringConvertible {
  let bytes: [UInt8]
  var description: String { bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }

  /// A UUID of 16 bytes, or nil where the text is another, or one of those that stand for none.
  init?(_ text: some StringProtocol) {
    let digits = text.utf8.filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: " ") }
    let values = digits.compactMap { Character(UnicodeScalar($0)).hexDigitValue }.map { UInt8($0) }
    guard values.count == 32, digits.count == 32 else { return nil }
    bytes = stride(from: 0, to: 32, by: 2).map { values[$0] << 4 | values[$0 + 1] }
    // Not set, and what boards without one were shipped with.
    guard Set(bytes).count > 2 else { return nil }
  }

  func isSame(as other: SystemUUID) -> Bool {
    let orders = [bytes, Array(bytes.reversed()), Self.mixed(bytes), Array(Self.mixed(bytes).reversed())]
    return orders.contains(other.bytes)
  }

  /// The first three fields with their lowest byte first, as SMBIOS has them since 2.6.
  private static func mixed(_ bytes: [UInt8]) -> [UInt8] {
    bytes[0..<4].reversed() + bytes[4..<6].reversed() + bytes[6..<8].reversed() + bytes[8...]
  }

  /// The UUID of this machine. Nil: its firmware tells none, as in a container.
  static func ofThisMachine() throws(AgentError) -> SystemUUID? {
    let path = "/sys/class/dmi/id/product_uuid"
    // The folder is a link of sysfs.
    guard try FileSystem.leadsToFile(path) else { return nil }
    return SystemUUID(try FileSystem.text(path))
  }
}
