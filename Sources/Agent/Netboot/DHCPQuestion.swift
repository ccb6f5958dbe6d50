// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc
import Wings

/// A DHCPDISCOVER of a machine that boots by PXE, and all answers to it: RFC 2131, RFC 2132, RFC 4578.
///
/// Debian's clients take the first answer; this is about the others. Answers are read below the firewall, as a machine
/// without one would get them: packet(7).
struct DHCPQuestion {
  /// The wait for all answers, in milliseconds: a server may ping an address for a second or two before it offers it.
  static let patience = 3000

  let transaction: UInt32
  let mac: MACAddress

  private static let magic: [UInt8] = [99, 130, 83, 99]

  var bytes: [UInt8] {
    var bytes: [UInt8] = [1, 1, 6, 0] + Self.four(transaction) + [0, 0, 0x80, 0] + [UInt8](repeating: 0, count: 16)
    bytes += (0..<6).map { UInt8(truncatingIfNeeded: mac.bits >> UInt64(8 * (5 - $0))) }
    bytes += [UInt8](repeating: 0, count: 10 + 64 + 128) + Self.magic
    func option(_ code: UInt8, _ value: [UInt8]) { bytes += [code, UInt8(value.count)] + value }
    option(53, [1])
    option(55, [1, 3, 6, 43, 54, 60, 66, 67])
    option(60, Array("PXEClient:Arch:00000:UNDI:002001".utf8))
    option(93, [0, 0])
    option(94, [1, 2, 1])
    return bytes + [255]
  }

  /// The offer in a packet from the network, IP header and all. Nil: it is another packet, or broken.
  func offer(in packet: ArraySlice<UInt8>, from hardware: MACAddress) -> BootNetworkSight.Offer? {
    guard let first = packet.first, first >> 4 == 4, packet.count >= 28 else { return nil }
    let ip = Array(packet)
    let header = Int(first & 15) * 4
    guard header >= 20, ip.count > header + 8 + 240, ip[9] == 17, Self.number(ip[header + 2..<header + 4]) == 68 else {
      return nil
    }
    let bytes = Array(ip[(header + 8)...])
    guard bytes[0] == 2, Self.number(bytes[4..<8]) == transaction, Array(bytes[236..<240]) == Self.magic,
      let options = Self.options(bytes[240...]), options[53]?.first == 2
    else { return nil }
    let server = options[54].flatMap { $0.count == 4 ? IPv4Address(bits: Self.number($0)) : nil }
    let file = options[67] ?? bytes[108..<236]
    let text = String(decoding: file.prefix { $0 != 0 }, as: UTF8.self)
    return BootNetworkSight.Offer(
      server: server ?? IPv4Address(bits: Self.number(ip[12..<16])), hardware: hardware,
      address: IPv4Address(bits: Self.number(bytes[16..<20])), file: text.isEmpty ? nil : text)
  }

  private static func options(_ bytes: ArraySlice<UInt8>) -> [UInt8: ArraySlice<UInt8>]? {
    var (options, rest): ([UInt8: ArraySlice<UInt8>], ArraySlice<UInt8>) = ([:], bytes)
    while let code = rest.popFirst(), code != 255 {
      if code == 0 { continue }
      guard let length = rest.popFirst(), rest.count >= Int(length) else { return nil }
      options[code] = rest.prefix(Int(length))
      rest = rest.dropFirst(Int(length))
    }
    return options
  }

  private static func four(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(value >> UInt32(8 * (3 - $0)) & 255) } }
  private static func number(_ bytes: ArraySlice<UInt8>) -> UInt32 { bytes.reduce(0) { $0 << 8 | UInt32($1) } }

  // MARK: Asking

  /// All offers that come to a card.
  static func ask(_ card: String, for mac: MACAddress) async throws(AgentError) -> [BootNetworkSight.Offer] {
    let question = DHCPQuestion(transaction: .random(in: 1 ... .max), mac: mac)
    let ear = try listen(at: card)
    defer { _ = close(ear) }
    try question.send(through: card)
    let limit = MonotonicTime.now + patience
    var offers: [BootNetworkSight.Offer] = []
    while limit.left > 0, offers.count < BootNetworkSight.mostOffers {
      var watched = pollfd(fd: ear, events: Int16(POLLIN), revents: 0)
      // In short waits: this thread has other things to do.
      guard poll(&watched, 1, Int32(min(limit.left, 50))) > 0 else {
        await Task.yield()
        continue
      }
      guard let (packet, hardware) = receive(ear), let offer = question.offer(in: packet[...], from: hardware) else {
        continue
      }
      if !offers.contains(offer) { offers.append(offer) }
    }
    return offers
  }

  private func send(through card: String) throws(AgentError) {
    let file = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Connection.closesOnExec, 0)
    guard file >= 0 else { throw Self.failure(card) }
    defer { _ = close(file) }
    var one = Int32(1)
    let size = socklen_t(MemoryLayout<Int32>.size)
    let bound = card.withCString { setsockopt(file, SOL_SOCKET, SO_BINDTODEVICE, $0, socklen_t(card.utf8.count)) }
    guard bound == 0, setsockopt(file, SOL_SOCKET, SO_BROADCAST, &one, size) == 0,
      setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &one, size) == 0,
      Self.named(IPv4Address(bits: 0), 68, { bind(file, $0, $1) }) == 0
    else { throw Self.failure(card) }
    let bytes = bytes
    let sent = Self.named(IPv4Address(bits: .max), 67) { sendto(file, bytes, bytes.count, 0, $0, $1) }
    guard sent == bytes.count else { throw Self.failure(card) }
  }

  private static func named<Result>(
    _ address: IPv4Address, _ port: UInt16, _ call: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_port = port.bigEndian
    name.sin_addr.s_addr = address.bits.bigEndian
    return withUnsafePointer(to: &name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { call($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
  }

  /// `ETH_P_IP`, in the order of the network.
  private static let internetProtocol = UInt16(0x0800).bigEndian

  /// A socket that gets every IPv4 packet of the card: packet(7). Its address is a `sockaddr_ll`, 20 bytes: family,
  /// protocol, the card's number, and what the C library's header for Swift lacks.
  private static func listen(at card: String) throws(AgentError) -> Int32 {
    let kind = Int32(SOCK_DGRAM.rawValue) | Connection.closesOnExec | Int32(SOCK_NONBLOCK.rawValue)
    let file = socket(AF_PACKET, kind, Int32(internetProtocol))
    let number = if_nametoindex(card)
    guard file >= 0, number > 0 else {
      if file >= 0 { _ = close(file) }
      throw failure(card)
    }
    var name = [UInt8](repeating: 0, count: 20)
    name.withUnsafeMutableBytes { bytes in
      bytes.storeBytes(of: UInt16(AF_PACKET), as: UInt16.self)
      bytes.storeBytes(of: internetProtocol, toByteOffset: 2, as: UInt16.self)
      bytes.storeBytes(of: Int32(bitPattern: number), toByteOffset: 4, as: Int32.self)
    }
    let bound = name.withUnsafeBytes { raw in
      raw.withMemoryRebound(to: sockaddr.self) { bind(file, $0.baseAddress, socklen_t(raw.count)) }
    }
    guard bound == 0 else {
      let problem = failure(card)
      _ = close(file)
      throw problem
    }
    return file
  }

  private static func receive(_ file: Int32) -> (packet: [UInt8], from: MACAddress)? {
    var (packet, name) = ([UInt8](repeating: 0, count: 2048), [UInt8](repeating: 0, count: 20))
    var size = socklen_t(name.count)
    let count = name.withUnsafeMutableBytes { raw in
      raw.withMemoryRebound(to: sockaddr.self) { recvfrom(file, &packet, packet.count, 0, $0.baseAddress, &size) }
    }
    guard count > 0, size >= 18, name[11] == 6 else { return nil }
    return (Array(packet.prefix(count)), MACAddress(bits: name[12..<18].reduce(0) { $0 << 8 | UInt64($1) }))
  }

  private static func failure(_ card: String) -> AgentError {
    AgentError(
      .commandFailed, "DHCP cannot be asked through \(card)", cause: String(cString: strerror(errno)),
      next: "See whether the card is up: `ip link`.")
  }
}
