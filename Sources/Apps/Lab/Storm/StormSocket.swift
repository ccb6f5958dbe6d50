// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess

/// Sockets of a storm: none of them blocks.
enum StormSocket {
  enum Read {
    case bytes([UInt8])
    case nothing
    case end
  }

  /// A socket of a machine without an address: to and from everybody on one card.
  static func broadcast(_ device: String) throws(AgentError) -> Int32 {
    let file = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
    var (one, room, local) = (Int32(1), Int32(64 << 20), address(IPv4Address(bits: 0), 68))
    let size = socklen_t(MemoryLayout<Int32>.size)
    let bound = device.withCString { setsockopt(file, SOL_SOCKET, SO_BINDTODEVICE, $0, socklen_t(device.utf8.count)) }
    guard file >= 0, bound == 0, setsockopt(file, SOL_SOCKET, SO_BROADCAST, &one, size) == 0,
      setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &one, size) == 0,
      setsockopt(file, SOL_SOCKET, SO_RCVBUFFORCE, &room, size) == 0, named(&local, { bind(file, $0, $1) }) == 0
    else { throw failure("No DHCP packets can be sent through \(device)") }
    return file
  }

  /// Negative where there is none: out of ports or files for a moment.
  static func connected(from: IPv4Address, to: IPv4Address, port: UInt16, isStream: Bool) -> Int32 {
    let kind = Int32(isStream ? SOCK_STREAM.rawValue : SOCK_DGRAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
    let file = socket(AF_INET, kind, 0)
    guard file >= 0 else { return -1 }
    var one = Int32(1)
    let size = socklen_t(MemoryLayout<Int32>.size)
    // ip(7): the address is not on a card, it is routed here.
    setsockopt(file, Int32(IPPROTO_IP), IP_FREEBIND, &one, size)
    setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &one, size)
    var (local, remote) = (address(from, 0), address(to, port))
    guard named(&local, { bind(file, $0, $1) }) == 0 else {
      close(file)
      return -1
    }
    guard named(&remote, { connect(file, $0, $1) }) == 0 || errno == EINPROGRESS else {
      close(file)
      return -1
    }
    return file
  }

  /// Sends to the peer. A packet that is lost is asked again, as on a network.
  static func send(_ bytes: [UInt8], _ file: Int32) {
    _ = Foundation.send(file, bytes, bytes.count, Int32(MSG_NOSIGNAL))
  }

  /// To whoever is a DHCP server there.
  static func broadcast(_ bytes: [UInt8], _ file: Int32) {
    var everybody = address(IPv4Address(bits: .max), 67)
    _ = named(&everybody) { sendto(file, bytes, bytes.count, 0, $0, $1) }
  }

  /// One datagram. Nil: there is none now.
  static func receive(_ file: Int32) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 2048)
    let count = recv(file, &bytes, bytes.count, 0)
    return count < 0 ? nil : Array(bytes[..<count])
  }

  static func read(_ file: Int32) -> Read {
    var bytes = [UInt8](repeating: 0, count: 1 << 18)
    let count = recv(file, &bytes, bytes.count, 0)
    if count > 0 { return .bytes(Array(bytes[..<count])) }
    return count < 0 && (errno == EAGAIN || errno == EINTR) ? .nothing : .end
  }

  /// The status and the beginning of the body. Nil: that is no answer.
  static func response(_ bytes: [UInt8]) -> (status: Int, body: [UInt8])? {
    guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
    let words = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(separator: " ", maxSplits: 2)
    guard words.count > 1, let status = Int(words[1]) else { return nil }
    return (status, Array(bytes[end.upperBound...]))
  }

  static func raiseFileLimit(to files: Int) throws(AgentError) {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    limit.rlim_cur = max(limit.rlim_cur, rlim_t(files))
    limit.rlim_max = max(limit.rlim_max, limit.rlim_cur)
    guard setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
      throw failure("\(files) files cannot be open at once")
    }
  }

  private static func address(_ address: IPv4Address, _ port: UInt16) -> sockaddr_in {
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_port = port.bigEndian
    name.sin_addr.s_addr = address.bits.bigEndian
    return name
  }

  private static func named(_ name: inout sockaddr_in, _ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
    withUnsafePointer(to: &name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { call($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
  }

  private static func named(_ name: inout sockaddr_in, _ call: (UnsafePointer<sockaddr>, socklen_t) -> Int) -> Int {
    withUnsafePointer(to: &name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { call($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
  }

  private static func failure(_ message: String) -> AgentError {
    AgentError(.commandFailed, message, cause: String(cString: strerror(errno)), next: "Run it as root.")
  }
}
