// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import FoundationEssentials

/// Takes bytes as they come and gives messages as they are complete.
///
/// Whatever the bytes are, the worst that happens is `.protocolMismatch`.
package struct FrameDecoder: Sendable {
  private var pending: [UInt8] = []
  private var start = 0
  private var isAtTheBeginning = true
  private let catalog: WireCatalog
  private let limit: Int

  /// - Parameter catalog: what may be in a message.
  package init(_ catalog: WireCatalog, limit: Int = WireProtocol.frameLimit) {
    self.catalog = catalog
    self.limit = limit
  }

  /// Whether the stream may end here.
  package var isBetweenFrames: Bool { start == pending.count }

  package mutating func push(_ bytes: some Collection<UInt8>) {
    if start > 0 && start == pending.count {
      pending.removeAll(keepingCapacity: true)
      start = 0
    } else if start > 1 << 20 {
      pending.removeFirst(start)
      start = 0
    }
    pending.append(contentsOf: bytes)
  }

  /// The next whole frame; nil until more bytes have come.
  package mutating func next() throws(AgentError) -> [UInt8]? {
    guard pending.count - start >= 4 else { return nil }
    let length = pending[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
    guard length <= limit else {
      // Only before the first frame: later bytes may be a secret's.
      throw .mismatch("A frame of \(length) bytes was announced", saw: isAtTheBeginning ? pending[start...] : [])
    }
    guard pending.count - start - 4 >= length else { return nil }
    isAtTheBeginning = false
    defer { start += 4 + length }
    return Array(pending[start + 4..<start + 4 + length])
  }

  package mutating func next<Message: Decodable>(_ type: Message.Type) throws(AgentError) -> Message? {
    guard let frame = try next() else { return nil }
    let decoder = JSONDecoder()
    decoder.userInfo = catalog.userInfo
    do { return try decoder.decode(type, from: Data(frame)) } catch let error as UnknownProbe {
      throw .mismatch("The other end speaks of the probe \(error.name), which this one does not have")
    } catch let error as UnknownOperation {
      throw .mismatch("The other end speaks of the operation \(error.name), which this one does not have")
    } catch {
      throw .mismatch("A frame of \(frame.count) bytes could not be understood")
    }
  }

  /// A message as a frame; equal messages are equal bytes. `.invalid` when it is too large to send.
  package static func frame(_ message: some Encodable) throws(AgentError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let body: Data
    do { body = try encoder.encode(message) } catch {
      throw AgentError(.invalid, "A message could not be encoded", cause: "\(error)", next: "Report this as a bug.")
    }
    guard body.count <= WireProtocol.frameLimit else {
      throw AgentError(
        .invalid, "A message of \(body.count) bytes is too large to send",
        next: "Make the files that the spec refers to smaller.")
    }
    let length = UInt32(body.count)
    var frame: [UInt8] = []
    frame.reserveCapacity(4 + body.count)
    for shift: UInt32 in [24, 16, 8, 0] { frame.append(UInt8(truncatingIfNeeded: length >> shift)) }
    frame.append(contentsOf: body)
    return frame
  }
}

extension AgentError {
  /// - Parameter saw: what came instead; its beginning is shown when it is text.
  package static func mismatch(_ message: String, saw bytes: ArraySlice<UInt8> = []) -> AgentError {
    let printable = bytes.prefix(120)
    let isText =
      !printable.isEmpty && printable.allSatisfy { (0x20...0x7e).contains($0) || $0 == 10 || $0 == 13 || $0 == 9 }
    return AgentError(
      .protocolMismatch, message, cause: isText ? "it says: \(String(decoding: printable, as: UTF8.self))" : nil,
      next:
        "Check that no start-up file on the host (.bashrc) prints text when root logs in, and that both ends have the same version."
    )
  }
}
