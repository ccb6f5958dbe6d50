// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// One message on the wire: its length as four bytes, the most significant first, and then so many bytes of JSON.
package enum Frame {
  /// A longer one is not ours, or not meant well.
  package static let limit = 64 << 20

  package static func bytes(_ payload: some Collection<UInt8>) throws(AgentError) -> [UInt8] {
    guard payload.count <= limit else {
      throw AgentError(
        .invalid, "A message of \(payload.count >> 20) MiB is too long", next: "Split the work into smaller steps.")
    }
    let length = UInt32(payload.count)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(payload.count + 4)
    for shift in stride(from: UInt32(24), through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: length >> shift)) }
    bytes.append(contentsOf: payload)
    return bytes
  }
}

/// Cuts a stream of bytes into the payloads of its frames, however the bytes come in.
package struct FrameReader: Sendable {
  private var pending: [UInt8] = []
  private var start = 0

  package init() {}

  package mutating func push(_ bytes: some Sequence<UInt8>) { pending.append(contentsOf: bytes) }

  /// True when the stream ended, or may end, between two frames.
  package var isAtBoundary: Bool { start == pending.count }

  /// The next whole payload, or nil until more bytes have come.
  ///
  /// - Throws: `.protocolMismatch` for a length that no frame has. Then nothing more can be read.
  package mutating func next() throws(AgentError) -> [UInt8]? {
    guard pending.count - start >= 4 else { return nil }
    let length = pending[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
    guard 1...Frame.limit ~= length else {
      throw .garbage("a message of \(length) bytes was announced")
    }
    guard pending.count - start >= 4 + length else { return nil }
    let payload = Array(pending[(start + 4)..<(start + 4 + length)])
    start += 4 + length
    if start == pending.count || start > 1 << 20 {
      pending.removeFirst(start)
      start = 0
    }
    return payload
  }
}

extension AgentError {
  static func garbage(_ cause: String) -> AgentError {
    AgentError(
      .protocolMismatch, "What came over the connection is not the agent's protocol", cause: cause,
      next: "See that the login shell of this user on the host prints nothing: `ssh HOST true` must be silent.")
  }
}
