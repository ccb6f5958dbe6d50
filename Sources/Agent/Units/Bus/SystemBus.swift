// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Dispatch
import Glibc
import HostAccess

/// The system's message bus. All calls are sent before the first answer is read.
struct SystemBus: Sendable {
  /// D-Bus Specification, "Well-known Message Bus Instances".
  static let path = "/run/dbus/system_bus_socket"
  /// So many calls wait for their answers at once: a bus gives a connection room for more.
  private static let batch = 64

  /// The answers to calls, in their order; nil for one that is answered with an error.
  ///
  /// - Throws: `.notFound` where there is no bus, `.deadline`, `.commandFailed` when what it says is not D-Bus.
  static func answers(
    to calls: [BusMessage.Call], at destination: String, within limit: Duration
  ) async throws(AgentError) -> [[UInt8]?] {
    // Blocking calls, so not on a thread of the concurrency pool.
    let result = await withCheckedContinuation { continuation in
      DispatchQueue(label: "bus").async {
        let result: Result<[[UInt8]?], AgentError>
        do throws(AgentError) {
          var connection = try BusConnection(path, within: limit)
          defer { connection.close() }
          result = .success(try connection.answers(to: calls, destination, batch: batch))
        } catch { result = .failure(error) }
        continuation.resume(returning: result)
      }
    }
    return try result.get()
  }
}

/// A connection to a bus, by blocking calls with one deadline for all of them.
private struct BusConnection {
  private let file: Int32
  private let ends: ContinuousClock.Instant
  private var serial: UInt32 = 0
  private var pending: [UInt8] = []

  init(_ path: String, within limit: Duration) throws(AgentError) {
    ends = ContinuousClock.now + limit
    file = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard file >= 0 else { throw FileSystem.failure("No socket for the message bus") }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
    let connected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(file, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard connected == 0 else {
      let error = FileSystem.failure("The message bus at \(path) cannot be reached")
      _ = Glibc.close(file)
      throw error
    }
  }

  func close() { _ = Glibc.close(file) }

  mutating func answers(
    to calls: [BusMessage.Call], _ destination: String, batch: Int
  ) throws(AgentError) -> [[UInt8]?] {
    let user = String(getuid()).utf8.map(\.hexadecimal).joined()
    // As whom, and then the first call at once: D-Bus Specification, "Authentication Protocol". The daemon says so
    // when it does not like it.
    var out = Array("\0AUTH EXTERNAL \(user)\r\nBEGIN\r\n".utf8)
    out += message(
      "org.freedesktop.DBus", .init(path: "/org/freedesktop/DBus", interface: "org.freedesktop.DBus", member: "Hello"))
    var answers: [[UInt8]?] = []
    var isGreeted = false
    for start in stride(from: 0, to: calls.count, by: batch) {
      let part = calls[start..<min(start + batch, calls.count)]
      let first = serial + 1
      for call in part { out += message(destination, call) }
      try send(out)
      out = []
      if !isGreeted { try takeGreeting() }
      isGreeted = true
      var taken = [[UInt8]?](repeating: nil, count: part.count)
      var left = part.count
      while left > 0 {
        let message = try take()
        guard message.kind != .signal, message.answers >= first, message.answers < first + UInt32(part.count) else {
          continue
        }
        left -= 1
        if message.kind == .answer { taken[Int(message.answers - first)] = message.body }
      }
      answers += taken
    }
    return answers
  }

  private mutating func message(_ destination: String, _ call: BusMessage.Call) -> [UInt8] {
    serial += 1
    return BusMessage.call(serial, to: destination, call)
  }

  private mutating func takeGreeting() throws(AgentError) {
    while true {
      if let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
        let line = String(decoding: pending[...end], as: UTF8.self)
        guard line.hasPrefix("OK ") else { throw Self.unfit("it says: \(line.filter { !$0.isNewline })") }
        pending.removeFirst(end + 1)
        return
      }
      guard pending.count < 4096 else { throw Self.unfit("it says too much") }
      try receive()
    }
  }

  private mutating func take() throws(AgentError) -> BusMessage {
    do {
      while pending.count < 16 { try receive() }
      let length = try BusMessage.length(of: pending[..<16])
      while pending.count < length { try receive() }
      let message = try BusMessage(Array(pending[..<length]))
      pending.removeFirst(length)
      return message
    } catch let error as AgentError { throw error } catch { throw Self.unfit("a message cannot be understood") }
  }

  private mutating func receive() throws(AgentError) {
    try wait(for: Int16(POLLIN))
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    let count = read(file, &buffer, buffer.count)
    if count < 0 && errno == EINTR { return }
    guard count > 0 else { throw Self.unfit("it closed the connection") }
    pending += buffer[..<count]
  }

  private func send(_ bytes: [UInt8]) throws(AgentError) {
    var done = 0
    while done < bytes.count {
      try wait(for: Int16(POLLOUT))
      let count = bytes.withUnsafeBytes { bytes in
        // Not a signal when the bus has gone.
        Glibc.send(file, bytes.baseAddress?.advanced(by: done), bytes.count - done, Int32(MSG_NOSIGNAL))
      }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw FileSystem.failure("The message bus takes no call") }
      done += count
    }
  }

  private func wait(for events: Int16) throws(AgentError) {
    while true {
      let left = ContinuousClock.now.duration(to: ends)
      guard left > .zero else { throw Self.late }
      let milliseconds = left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000 + 1
      var descriptor = pollfd(fd: file, events: events, revents: 0)
      let count = Glibc.poll(&descriptor, 1, Int32(clamping: milliseconds))
      if count > 0 { return }
      if count < 0 && errno != EINTR { throw FileSystem.failure("The message bus cannot be waited for") }
    }
  }

  private static let late = AgentError(
    .deadline, "The message bus did not answer in time", next: "Check `systemctl status dbus` on the host.")

  private static func unfit(_ cause: String) -> AgentError {
    AgentError(
      .commandFailed, "The message bus does not speak as it should", cause: cause,
      next: "Check `systemctl status dbus` on the host.")
  }
}
