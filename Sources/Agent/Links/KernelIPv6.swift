// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// The kernel's IPv6 addresses and default routes, from the files of proc(5). Without IPv6 there are no such files.
enum KernelIPv6 {
  struct Address: Hashable {
    var interface: String
    var address: IPv6Address
    var prefix: Int
    /// `IFA_F_…` of linux/if_addr.h, the lower eight.
    var flags: UInt8
    /// `IPV6_ADDR_…` of the kernel: 0 is global, 0x20 link-local, 0x10 of the machine itself.
    var scope: UInt8

    /// Another machine on the link has it, so this one does not use it: RFC 4862, 5.4.
    var isDuplicate: Bool { flags & 0x08 != 0 }
    /// It stays until somebody takes it away. Those by router advertisements and by DHCP have a lifetime.
    var isPermanent: Bool { flags & 0x80 != 0 }
    var isOfLinkOrHost: Bool { scope & 0x30 != 0 }
    var text: String { "\(address)/\(prefix)" }
  }

  /// A file below /proc/net. Empty: this host does without IPv6.
  static func text(_ name: String) throws(AgentError) -> String {
    String(decoding: try FileSystem.contents("/proc/net/\(name)") ?? [], as: UTF8.self)
  }

  /// Lines of /proc/net/if_inet6: address, number of the interface, prefix, scope, flags, name, all in hexadecimal.
  static func addresses(_ text: String) -> [Address] {
    text.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: " ")
      guard fields.count >= 6, let address = address(fields[0]), let prefix = Int(fields[2], radix: 16),
        let scope = UInt8(fields[3], radix: 16), let flags = UInt8(fields[4], radix: 16)
      else { return nil }
      return Address(interface: String(fields[5]), address: address, prefix: prefix, flags: flags, scope: scope)
    }
  }

  /// Lines of /proc/net/ipv6_route: destination, prefix, source, prefix, next hop, metric, two counters, flags, name.
  ///
  /// - Returns: the gateways by interface, those that are preferred first.
  static func gateways(_ text: String) -> [String: [IPv6Address]] {
    var found: [String: [(metric: UInt32, router: IPv6Address)]] = [:]
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: " ")
      guard fields.count >= 10, fields[0].allSatisfy({ $0 == "0" }), fields[1] == "00",
        let flags = UInt32(fields[8], radix: 16), flags & isByGateway != 0,
        let router = address(fields[4]), let metric = UInt32(fields[5], radix: 16)
      else { continue }
      found[String(fields[9]), default: []].append((metric, router))
    }
    return found.mapValues { $0.sorted { $0.metric < $1.metric }.map(\.router) }
  }

  /// `RTF_GATEWAY` of linux/route.h.
  private static let isByGateway: UInt32 = 2

  /// An address as 32 digits.
  private static func address(_ digits: Substring) -> IPv6Address? {
    guard digits.utf8.count == 32, let high = UInt64(digits.prefix(16), radix: 16),
      let low = UInt64(digits.suffix(16), radix: 16)
    else { return nil }
    return IPv6Address(high: high, low: low)
  }
}
