// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// VLANs and bonds of this host, as the kernel tells of them. Without their drivers there are none, and no files.
enum MadeInterfaces {
  static func read() throws(AgentError) -> [String: MadeInterface] {
    try vlans().merging(bonds()) { first, _ in first }
  }

  /// /proc/net/vlan/config of the kernel's 8021q: two lines of headings, then `eno1.902 | 902 | eno1`.
  private static func vlans() throws(AgentError) -> [String: MadeInterface] {
    guard let bytes = try FileSystem.contents("/proc/net/vlan/config") else { return [:] }
    var found: [String: MadeInterface] = [:]
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      let fields = line.split(separator: "|").map { String($0.filter { !$0.isWhitespace }) }
      if fields.count == 3, let id = Int(fields[1]) { found[fields[0]] = .vlan(id: id, link: fields[2]) }
    }
    return found
  }

  /// bonding.rst of the kernel: `bonding_masters` names them, and each has its mode and its cards in sysfs.
  private static func bonds() throws(AgentError) -> [String: MadeInterface] {
    guard let masters = try FileSystem.contents("/sys/class/net/bonding_masters") else { return [:] }
    var found: [String: MadeInterface] = [:]
    for name in String(decoding: masters, as: UTF8.self).split(whereSeparator: \.isWhitespace) {
      let folder = "/sys/class/net/\(name)/bonding"
      guard let mode = try FileSystem.contents("\(folder)/mode"),
        let cards = try FileSystem.contents("\(folder)/slaves"),
        let known = String(decoding: mode, as: UTF8.self).split(separator: " ").first.map(String.init),
        let mode = BondMode(rawValue: known)
      else { continue }
      let names = String(decoding: cards, as: UTF8.self).split(whereSeparator: \.isWhitespace).map(String.init)
      found[String(name)] = .bond(of: names, mode: mode)
    }
    return found
  }
}
