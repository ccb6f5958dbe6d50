// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

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

  /// The UUIDs that this machine goes by. Empty: nothing tells one.
  ///
  /// Boards are about where their BMC has its own from another place than the firmware, so either counts.
  static func ofThisMachine() async throws(AgentError) -> [SystemUUID] {
    // In a container the firmware is that of the machine it stands on. Who runs it gives it a UUID of its own:
    // systemd's CONTAINER_INTERFACE.
    if let container = try container() { return container.flatMap { SystemUUID($0) }.map { [$0] } ?? [] }
    var told = [try ofFirmware()]
    for case let speech as any AgentPowerProtocol.Type in PowerProtocols.all { told.append(try await speech.ownUUID()) }
    return told.compactMap { $0 }
  }

  private static func ofFirmware() throws(AgentError) -> SystemUUID? {
    let path = "/sys/class/dmi/id/product_uuid"
    // The folder is a link of sysfs.
    guard try FileSystem.leadsToFile(path) else { return nil }
    return SystemUUID(try FileSystem.text(path))
  }

  /// The words of the first process's surroundings. Nil: this is no container. Nil within: it was told no UUID.
  private static func container() throws(AgentError) -> String?? {
    let words = try FileSystem.text("/proc/1/environ").split(separator: "\0")
    guard words.contains(where: { $0.hasPrefix("container=") }) else { return nil }
    return words.first { $0.hasPrefix("container_uuid=") }.map { String($0.dropFirst("container_uuid=".count)) }
  }
}
