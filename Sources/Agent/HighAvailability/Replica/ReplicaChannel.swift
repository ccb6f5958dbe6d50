// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A connection to the other head's program, over which nothing is ever waited for.
final class ReplicaChannel {
  let file: Int32
  private(set) var isConnected: Bool
  private var incoming: [UInt8] = []
  private var taken = 0
  private var outgoing: [UInt8] = []
  private var sent = 0
  /// When something was last heard.
  private(set) var heard = MonotonicTime.now

  private init(_ file: Int32, isConnected: Bool) {
    self.file = file
    self.isConnected = isConnected
    var yes: Int32 = 1
    setsockopt(file, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
  }

  deinit { _ = close(file) }

  private static let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Connection.closesOnExec

  /// Begins to connect. Nil: that cannot even be begun.
  static func begin(to address: String, _ port: UInt16) -> ReplicaChannel? {
    guard let resolved = Resolved(address, port, SOCK_STREAM) else { return nil }
    let file = socket(resolved.family, kind, 0)
    guard file >= 0 else { return nil }
    let status = resolved.withPointer { connect(file, $0, $1) }
    let refused = status != 0 && errno != EINPROGRESS
    let channel = ReplicaChannel(file, isConnected: status == 0)
    return refused ? nil : channel
  }

  /// A socket that takes connections at an address. Nil: it is not there, or the port is taken.
  static func listen(at address: String, _ port: UInt16) -> Int32? {
    guard let resolved = Resolved(address, port, SOCK_STREAM) else { return nil }
    let file = socket(resolved.family, kind, 0)
    guard file >= 0 else { return nil }
    var yes: Int32 = 1
    setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    guard resolved.withPointer({ bind(file, $0, $1) }) == 0, Glibc.listen(file, 4) == 0 else {
      _ = close(file)
      return nil
    }
    return file
  }

  static func accept(from listener: Int32) -> ReplicaChannel? {
    let file = Glibc.accept(listener, nil, nil)
    guard file >= 0 else { return nil }
    _ = fcntl(file, F_SETFD, FD_CLOEXEC)
    _ = fcntl(file, F_SETFL, O_NONBLOCK)
    return ReplicaChannel(file, isConnected: true)
  }

  var events: Int16 { Int16(POLLIN) | (isConnected && sent == outgoing.count ? 0 : Int16(POLLOUT)) }

  /// False: the other side is gone.
  func send(_ message: ReplicaMessage) -> Bool {
    outgoing += message.bytes
    return isConnected ? flush() : true
  }

  /// Sends what there is room for. False: the other side is gone, or has not come.
  func flush() -> Bool {
    if !isConnected {
      var problem: Int32 = 0
      var size = socklen_t(MemoryLayout<Int32>.size)
      guard getsockopt(file, SOL_SOCKET, SO_ERROR, &problem, &size) == 0, problem == 0 else { return false }
      isConnected = true
      heard = .now
    }
    while sent < outgoing.count {
      let count = outgoing[sent...].withUnsafeBytes {
        Glibc.send(file, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count < 0 { return errno == EAGAIN || errno == EINTR }
      sent += count
    }
    outgoing.removeAll(keepingCapacity: true)
    sent = 0
    return true
  }

  /// The messages that have come. Nil: the other side is gone, or speaks something else.
  func receive() -> [ReplicaMessage]? {
    var bytes = [UInt8](repeating: 0, count: 256 << 10)
    var isOpen = true
    while true {
      let count = recv(file, &bytes, bytes.count, 0)
      if count > 0 {
        incoming += bytes[..<count]
        heard = .now
        if count < bytes.count { break }
        continue
      }
      if count < 0, errno == EAGAIN || errno == EINTR { break }
      isOpen = false
      break
    }
    var messages: [ReplicaMessage] = []
    reading: while true {
      switch ReplicaMessage.read(incoming[taken...]) {
      case .message(let message, let length):
        messages.append(message)
        taken += length
      case .incomplete: break reading
      case .nonsense: return nil
      }
    }
    if taken == incoming.count || taken > 1 << 20 {
      incoming.removeFirst(taken)
      taken = 0
    }
    return isOpen || !messages.isEmpty ? messages : nil
  }

  /// Waits until all is sent, or time is over.
  func drain(until limit: MonotonicTime) -> Bool {
    while sent < outgoing.count {
      var watched = pollfd(fd: file, events: Int16(POLLOUT), revents: 0)
      guard poll(&watched, 1, Int32(clamping: limit.left)) > 0, flush() else { return false }
    }
    return true
  }
}
