// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A TCP connection with a limit in time for everything.
final class Connection {
  private let file: Int32

  private init(_ file: Int32) { self.file = file }
  deinit { _ = close(file) }

  /// A connection, or nil where it is refused or takes too long.
  static func open(_ host: String, _ port: UInt16, until limit: MonotonicTime) -> Connection? {
    guard let address = Resolved(host, port, SOCK_STREAM) else { return nil }
    let file = socket(address.family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | closesOnExec, 0)
    guard file >= 0 else { return nil }
    let connection = Connection(file)
    let status = address.withPointer { connect(file, $0, $1) }
    if status == 0 { return connection }
    guard errno == EINPROGRESS, connection.wait(Int16(POLLOUT), until: limit) else { return nil }
    var problem: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    guard getsockopt(file, SOL_SOCKET, SO_ERROR, &problem, &size) == 0, problem == 0 else { return nil }
    return connection
  }

  static var closesOnExec: Int32 { Int32(SOCK_CLOEXEC.rawValue) }

  func send(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    return Glibc.send(file, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
  }

  /// The first bytes that come, or nil for nothing, or the end.
  func receive(until limit: MonotonicTime) -> String? {
    guard wait(Int16(POLLIN), until: limit) else { return nil }
    var bytes = [UInt8](repeating: 0, count: 512)
    let count = recv(file, &bytes, bytes.count, 0)
    return count > 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : nil
  }

  private func wait(_ events: Int16, until limit: MonotonicTime) -> Bool {
    var watched = pollfd(fd: file, events: events, revents: 0)
    return poll(&watched, 1, Int32(clamping: limit.left)) > 0
  }
}

/// An address to connect to. Names are looked up, addresses are taken as they are.
struct Resolved {
  let family: Int32
  private let bytes: [UInt8]

  init?(_ host: String, _ port: UInt16, _ kind: __socket_type) {
    var hints = addrinfo()
    hints.ai_socktype = Int32(kind.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, "\(port)", &hints, &found) == 0, let first = found else { return nil }
    defer { freeaddrinfo(found) }
    family = first.pointee.ai_family
    bytes = Array(UnsafeRawBufferPointer(start: first.pointee.ai_addr, count: Int(first.pointee.ai_addrlen)))
  }

  func withPointer<Result>(_ body: (UnsafePointer<sockaddr>?, socklen_t) -> Result) -> Result {
    bytes.withUnsafeBytes { raw in
      raw.withMemoryRebound(to: sockaddr.self) { body($0.baseAddress, socklen_t(raw.count)) }
    }
  }
}

/// One question to a DNS server: RFC 1035, section 4.
enum NameQuery {
  /// The status of the answer: 0 is success. Nil: there is none.
  static func ask(_ server: String, for name: String, until limit: MonotonicTime) -> UInt8? {
    guard let address = Resolved(server, 53, SOCK_DGRAM) else { return nil }
    let file = socket(address.family, Int32(SOCK_DGRAM.rawValue) | Connection.closesOnExec, 0)
    guard file >= 0 else { return nil }
    defer { _ = close(file) }
    // Connected, so that a closed port is told at once, and nobody else can answer.
    guard address.withPointer({ connect(file, $0, $1) }) == 0 else { return nil }
    let number = UInt16.random(in: .min ... .max)
    let question = message(number, name)
    guard send(file, question, question.count, Int32(MSG_NOSIGNAL)) == question.count else { return nil }
    while true {
      var watched = pollfd(fd: file, events: Int16(POLLIN), revents: 0)
      guard poll(&watched, 1, Int32(clamping: limit.left)) > 0 else { return nil }
      var bytes = [UInt8](repeating: 0, count: 512)
      let count = recv(file, &bytes, bytes.count, 0)
      guard count > 0 else { return nil }
      if let status = status(of: bytes.prefix(count), to: number) { return status }
    }
  }

  /// Asks for an address, with recursion.
  static func message(_ number: UInt16, _ name: String) -> [UInt8] {
    var bytes: [UInt8] = [UInt8(number >> 8), UInt8(number & 0xff), 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]
    for label in name.utf8.split(separator: UInt8(ascii: ".")) {
      bytes.append(UInt8(clamping: label.count))
      bytes += label.prefix(63)
    }
    return bytes + [0, 0, 1, 0, 1]
  }

  /// The status in an answer. Nil: it answers something else.
  static func status(of answer: ArraySlice<UInt8>, to number: UInt16) -> UInt8? {
    let bytes = Array(answer)
    guard bytes.count >= 12, UInt16(bytes[0]) << 8 | UInt16(bytes[1]) == number, bytes[2] & 0x80 != 0 else {
      return nil
    }
    return bytes[3] & 0x0f
  }
}

/// The queue of a port that somebody listens at.
struct ListeningPort {
  private let port: UInt16

  init(_ port: UInt16) { self.port = port }

  /// Connections that nobody has accepted, or datagrams that nobody has read, are waiting: proc_net_tcp(5), where a
  /// listening socket has state 0A and its receive queue counts connections.
  var isWaitedFor: Bool { isQueueing || isWaitedFor(in: "/proc/net/udp", remote: 8, state: "07") }

  /// Connections that nobody has accepted are waiting.
  var isQueueing: Bool {
    isWaitedFor(in: "/proc/net/tcp", remote: 8, state: "0A")
      || isWaitedFor(in: "/proc/net/tcp6", remote: 32, state: "0A")
  }

  /// - Parameter remote: digits of an address. Nobody is at the other end of a socket that listens.
  private func isWaitedFor(in table: String, remote: Int, state: String) -> Bool {
    let digits = String(port, radix: 16, uppercase: true)
    let zeros = String(repeating: "0", count: 32)
    let socket = ":\(zeros.prefix(4 - digits.count))\(digits) \(zeros.prefix(remote)):0000 \(state) "
    // Those who listen come first; the connections of thousands of nodes after them are not read.
    return (SmallFile.read(table, most: 64 << 10) ?? "").withCString { text in
      var next = strstr(text, socket)
      while let found = next {
        // `SENT:RECEIVED`, eight digits each.
        let queues = found + socket.utf8.count
        if strspn(queues, "0123456789ABCDEF:") >= 17, strncmp(queues + 9, zeros, 8) != 0 { return true }
        next = strstr(queues, socket)
      }
      return false
    }
  }
}
