// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Dispatch
import Glibc

/// Writes whole frames in the order they are sent, on a queue of its own, so that a slow reader blocks no task.
///
/// When the other end is gone nothing more is written; what the operations did is found by looking again.
final class FrameWriter: Sendable {
  private let file: Int32
  private let queue = DispatchQueue(label: "output")

  init(_ file: Int32) { self.file = file }

  func send(_ reply: Reply) {
    let frame: [UInt8]
    do throws(AgentError) { frame = try Wire.encode(reply) } catch {
      // What cannot be sent is told instead: the request must not stay without an answer.
      guard let told = try? Wire.encode(Reply(id: reply.id, body: .failed(error))) else { return }
      frame = told
    }
    queue.async { [file] in
      var written = 0
      while written < frame.count {
        let count = frame.withUnsafeBytes { all in
          Glibc.write(file, all.baseAddress?.advanced(by: written), all.count - written)
        }
        if count < 0 && errno == EINTR { continue }
        if count <= 0 { return }
        written += count
      }
    }
  }

  /// Returns when everything sent has been written.
  func finish() async {
    await withCheckedContinuation { continuation in queue.async { continuation.resume() } }
  }
}
