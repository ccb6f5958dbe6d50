// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import FoundationEssentials
import Glibc
import HostAccess
import Wings

/// The network interfaces of this host, as the kernel tells of them.
enum Interface {
  static func all() throws(AgentError) -> [LinkState] {
    let routes = try routes()
    let ipv6 = KernelIPv6.addresses(try KernelIPv6.text("if_inet6"))
    let gateways6 = KernelIPv6.gateways(try KernelIPv6.text("ipv6_route"))
    let made = try MadeInterfaces.read()
    var first: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&first) == 0 else { throw FileSystem.failure("The network interfaces cannot be listed") }
    defer { freeifaddrs(first) }
    var names: [String] = []
    var links: [String: LinkState] = [:]
    var next = first
    while let entry = next?.pointee {
      next = entry.ifa_next
      // An address may carry a label, `eth0:1`; a name holds no colon.
      let name = String(String(cString: entry.ifa_name).prefix { $0 != ":" })
      if links[name] == nil {
        names.append(name)
        // UP is the admin's wish, LOWER_UP the cable: netdevice(7).
        let isUp = entry.ifa_flags & UInt32(IFF_UP) != 0 && entry.ifa_flags & lowerUp != 0
        let known = routes[name] ?? []
        links[name] = LinkState(
          name: name, mac: nil, up: isUp, addresses: [],
          gateways: known.filter { $0.to.prefix == 0 }.map(\.via), mtu: try mtu(name),
          routes: known.filter { $0.to.prefix > 0 }, made: made[name])
        let own = ipv6.filter { $0.interface == name && $0.isPermanent && !$0.isOfLinkOrHost && !$0.isDuplicate }
        links[name]?.ipv6 = own.isEmpty ? nil : own.map(\.text)
        links[name]?.gateways6 = gateways6[name]
      }
      switch Int32(entry.ifa_addr?.pointee.sa_family ?? 0) {
      case AF_PACKET: links[name]?.mac = hardwareAddress(entry.ifa_addr)
      case AF_INET:
        guard let address = ipv4(entry.ifa_addr), let mask = ipv4(entry.ifa_netmask) else { continue }
        links[name]?.addresses.append("\(address)/\(mask.bits.nonzeroBitCount)")
      default: break
      }
    }
    return names.compactMap { links[$0] }
  }

  static func named(_ name: String) throws(AgentError) -> LinkState {
    if let link = try all().first(where: { $0.name == name }) { return link }
    throw AgentError(
      .notFound, "There is no network interface \(name)",
      next: "Correct the name in `nics:`; `ip link` on the host lists its interfaces.")
  }

  /// Why an address of IPv6 that was set is not used. Nil: nothing is known.
  static func problem(of address: IPv6Address, on name: String) throws(AgentError) -> String? {
    let text = try KernelIPv6.text("if_inet6")
    if text.isEmpty { return "this host does without IPv6: see `ipv6.disable` and `disable_ipv6` of the kernel" }
    let own = KernelIPv6.addresses(text).first { $0.interface == name && $0.address == address }
    return own?.isDuplicate == true ? "another machine on its network has \(address)" : nil
  }

  /// Has the kernel keep the other addresses of a network when the first of them is taken away. It would take them all
  /// otherwise, service addresses too: `promote_secondaries` in the kernel's ip-sysctl.
  static func promoteSecondaries(_ name: String) throws(AgentError) {
    try FileSystem.writeSetting("1\n", "/proc/sys/net/ipv4/conf/\(name)/promote_secondaries")
  }

  /// A list that ip(8) prints as JSON.
  static func ip<Value: Decodable>(_ arguments: [String]) async throws(AgentError) -> [Value] {
    let result = try await Command.checked("ip", arguments, next: "Check that iproute2 is installed on the host.")
    // Older versions print nothing at all for an empty list.
    if result.stdout.allSatisfy({ $0 <= 0x20 }) { return [] }
    do { return try JSONDecoder().decode([Value].self, from: Data(result.stdout)) } catch {
      throw AgentError(
        .invalid, "What `ip` says cannot be understood", cause: "\(error)", next: "Check `ip -j address` on the host."
      )
    }
  }

  /// `IFF_LOWER_UP`, which the C library's header lacks: netdevice(7).
  private static let lowerUp: UInt32 = 1 << 16
  /// `RTF_GATEWAY` of linux/route.h.
  private static let isByGateway: UInt32 = 2

  /// The largest packet of an interface. Nil: it has gone meanwhile.
  private static func mtu(_ name: String) throws(AgentError) -> Int? {
    try FileSystem.contents("/sys/class/net/\(name)/mtu").flatMap {
      Int(String(decoding: $0, as: UTF8.self).filter { !$0.isWhitespace })
    }
  }

  /// The routes over a gateway by interface, those that are preferred first. The default ones lead to 0.0.0.0/0.
  private static func routes() throws(AgentError) -> [String: [StaticRoute]] {
    var routes: [String: [StaticRoute]] = [:]
    // proc_pid_net(5): Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT, addresses as the
    // machine's own integers in hexadecimal.
    for line in try FileSystem.text("/proc/net/route").split(separator: "\n").dropFirst() {
      let fields = line.split(whereSeparator: \.isWhitespace)
      guard fields.count >= 8, let flags = UInt32(fields[3], radix: 16), flags & isByGateway != 0,
        let destination = UInt32(fields[1], radix: 16), let mask = UInt32(fields[7], radix: 16),
        let gateway = UInt32(fields[2], radix: 16),
        let to = IPv4Network(
          address: IPv4Address(bits: UInt32(bigEndian: destination)), prefix: mask.nonzeroBitCount)
      else { continue }
      routes[String(fields[0]), default: []].append(
        StaticRoute(to: to, via: IPv4Address(bits: UInt32(bigEndian: gateway))))
    }
    return routes
  }

  private static func ipv4(_ address: UnsafeMutablePointer<sockaddr>?) -> IPv4Address? {
    guard let address else { return nil }
    return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
      IPv4Address(bits: UInt32(bigEndian: $0.pointee.sin_addr.s_addr))
    }
  }

  /// Six bytes long, as Ethernet's are. The address's length is byte 11 of a `sockaddr_ll`, and itself follows:
  /// packet(7).
  private static func hardwareAddress(_ address: UnsafeMutablePointer<sockaddr>?) -> MACAddress? {
    guard let address else { return nil }
    let bytes = UnsafeRawBufferPointer(start: address, count: 20)
    guard bytes[11] == 6 else { return nil }
    return MACAddress(bits: bytes[12..<18].reduce(0) { $0 << 8 | UInt64($1) })
  }
}
