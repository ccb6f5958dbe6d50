// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

/// Any bytes are whole messages, the beginning of one, or a mismatch; and however they are cut, the same.
enum WireInput {
  static func check(_ bytes: [UInt8]) {
    let whole = messages(bytes, cut: bytes.count)
    // The first byte draws where the stream is cut.
    let cut = max(1, Int(bytes.first ?? 1) % 23)
    precondition(messages(bytes, cut: cut) == whole, "the same bytes in pieces of \(cut) are other messages")
    check(bytes, ClientMessage.self)
    check(bytes, AgentMessage.self)
  }

  /// The frames of a stream that comes in pieces, and whether it ended in a mismatch.
  private static func messages(_ bytes: [UInt8], cut: Int) -> [[UInt8]] {
    var decoder = FrameDecoder(.all)
    var frames: [[UInt8]] = []
    var rest = bytes[...]
    do throws(AgentError) {
      while !rest.isEmpty {
        let piece = rest.prefix(max(1, cut))
        rest = rest.dropFirst(piece.count)
        decoder.push(piece)
        while let frame = try decoder.next() { frames.append(frame) }
      }
    } catch {
      precondition(error.code == .protocolMismatch, "a broken stream is \(error.code)")
    }
    return frames
  }

  /// What can be understood can be said again, and is understood the same way then.
  private static func check<Message: Codable>(_ bytes: [UInt8], _ type: Message.Type) {
    var decoder = FrameDecoder(.all)
    decoder.push(bytes)
    do throws(AgentError) {
      while let message = try decoder.next(type) { checkRoundTrip(message) }
    } catch {
      precondition(error.code == .protocolMismatch, "a broken message is \(error.code)")
      precondition(!error.next.isEmpty, "a mismatch without a next step")
    }
  }

  private static func checkRoundTrip(_ message: some Codable) {
    do throws(AgentError) {
      let frame = try FrameDecoder.frame(message)
      var decoder = FrameDecoder(.all)
      decoder.push(frame)
      guard let again = try decoder.next(type(of: message)) else { preconditionFailure("a message is lost") }
      let second = try FrameDecoder.frame(again)
      precondition(second == frame, "a message changes on its way")
    } catch {
      preconditionFailure("a message that was read cannot be sent: \(error)")
    }
  }
}
