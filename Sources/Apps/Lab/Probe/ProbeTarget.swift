// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation

/// Something that is asked again and again from outside of the machines: `http 10.1.0.10`.
package struct ProbeTarget: Hashable, Codable, Sendable, CustomStringConvertible {
  package enum Question: Hashable, Codable, Sendable {
    /// An echo request (RFC 792).
    case ping
    /// Any answer on UDP port 53, even a refusal, to a question about a name that the server answers by itself. Names
    /// of others it forwards: while nobody answers there, its table of open queries fills up, and it refuses new ones.
    case dns(name: String)
    /// A status line on TCP port 80.
    case http

    var word: String {
      switch self {
      case .ping: "ping"
      case .dns: "dns"
      case .http: "http"
      }
    }
  }

  package var question: Question
  package var address: IPv4Address

  package init(_ question: Question, _ address: IPv4Address) {
    self.question = question
    self.address = address
  }

  /// Reads `http:10.1.0.10` or `dns:10.1.0.10:alps.example.org`.
  package init?(_ text: String) {
    let parts = text.split(separator: ":")
    guard parts.count >= 2, let address = IPv4Address(parts[1]) else { return nil }
    switch (parts[0], parts.count) {
    case ("ping", 2): self.init(.ping, address)
    case ("http", 2): self.init(.http, address)
    case ("dns", 3): self.init(.dns(name: String(parts[2])), address)
    default: return nil
    }
  }

  package var argument: String {
    guard case .dns(let name) = question else { return "\(question.word):\(address)" }
    return "\(question.word):\(address):\(name)"
  }

  package var description: String { "\(question.word) \(address)" }

  /// The service addresses of a cluster, and what is promised on them.
  package static func all(of cluster: Cluster) -> [ProbeTarget] {
    guard let policy = cluster.ha else { return [] }
    let apart = policy.spread.compactMap { $0.address.map { ProbeTarget(.ping, $0.address) } }
    let promised = policy.addresses.flatMap { address -> [ProbeTarget] in
      var targets = [ProbeTarget(.ping, address.address)]
      let served = cluster.network(address.network)?.serves ?? []
      if served.contains(.dns), policy.moves("dns") {
        targets.append(ProbeTarget(.dns(name: cluster.domain), address.address))
      }
      if served.contains(.boot), policy.moves("boot") { targets.append(ProbeTarget(.http, address.address)) }
      return targets
    }
    return promised + apart
  }
}

/// One question that waits for its answer on a socket of its own.
struct ProbeAttempt {
  enum Progress { case waiting, answered, failed }

  let target: ProbeTarget
  let socket: Int32
  let started: ContinuousClock.Instant
  private var asked = false

  /// Begins an attempt. Nil where this machine has no route there now.
  init?(_ target: ProbeTarget) {
    let kind: (type: Int32, proto: Int32, port: UInt16) =
      switch target.question {
      case .ping: (Int32(SOCK_RAW.rawValue), Int32(IPPROTO_ICMP), 0)
      case .dns: (Int32(SOCK_DGRAM.rawValue), 0, 53)
      case .http: (Int32(SOCK_STREAM.rawValue), 0, 80)
      }
    let flags = Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    socket = Foundation.socket(AF_INET, kind.type | flags, kind.proto)
    guard socket >= 0 else { return nil }
    self.target = target
    started = .now
    var place = sockaddr_in()
    place.sin_family = sa_family_t(AF_INET)
    place.sin_port = kind.port.bigEndian
    place.sin_addr.s_addr = target.address.bits.bigEndian
    let result = withUnsafePointer(to: &place) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 || errno == EINPROGRESS else {
      close(socket)
      return nil
    }
    if target.question != .http { ask() }
  }

  /// The events to wait for with poll(2).
  var events: Int16 { Int16(asked ? POLLIN : POLLOUT) }

  mutating func advance() -> Progress {
    if !asked {
      ask()
      return asked ? .waiting : .failed
    }
    var buffer = [UInt8](repeating: 0, count: 1500)
    let count = recv(socket, &buffer, buffer.count, 0)
    if count < 0 { return errno == EAGAIN ? .waiting : .failed }
    switch target.question {
    case .dns: return .answered
    case .http: return buffer.starts(with: Array("HTTP/".utf8)) ? .answered : .failed
    case .ping:
      // A raw socket sees every echo reply from there; after the IP header: type, code, checksum, identifier.
      let header = Int(buffer[0] & 15) * 4
      guard count >= header + 8, buffer[header] == 0 else { return .waiting }
      let identifier = UInt16(buffer[header + 4]) << 8 | UInt16(buffer[header + 5])
      return identifier == Self.identifier(socket) ? .answered : .waiting
    }
  }

  func end() { close(socket) }

  private mutating func ask() {
    let packet: [UInt8] =
      switch target.question {
      case .ping: Self.echoRequest(identifier: Self.identifier(socket))
      case .dns(let name): Self.dnsQuery(name)
      case .http: Array("HEAD / HTTP/1.0\r\n\r\n".utf8)
      }
    asked = send(socket, packet, packet.count, Int32(MSG_NOSIGNAL)) == packet.count
  }

  private static func identifier(_ socket: Int32) -> UInt16 {
    UInt16(truncatingIfNeeded: Int32(getpid()) << 6 ^ socket)
  }

  /// A question for the address of a name: RFC 1035, sections 4.1.1 and 4.1.2.
  static func dnsQuery(_ name: String) -> [UInt8] {
    // Number 1, recursion desired, one question.
    let header: [UInt8] = [0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]
    // A label has at most 63 bytes.
    let labels = name.split(separator: ".").flatMap { label in
      let bytes = label.utf8.prefix(63)
      return [UInt8(bytes.count)] + bytes
    }
    // The root's empty label, type A, class IN.
    return header + labels + [0, 0, 1, 0, 1]
  }

  private static func echoRequest(identifier: UInt16) -> [UInt8] {
    var packet: [UInt8] = [8, 0, 0, 0, UInt8(identifier >> 8), UInt8(identifier & 255), 0, 1]
    // RFC 1071.
    var sum: UInt32 = 0
    for index in stride(from: 0, to: packet.count, by: 2) {
      sum += UInt32(packet[index]) << 8 | UInt32(packet[index + 1])
    }
    while sum > 0xffff { sum = sum & 0xffff + sum >> 16 }
    packet[2] = UInt8(~sum >> 8 & 255)
    packet[3] = UInt8(~sum & 255)
    return packet
  }
}
