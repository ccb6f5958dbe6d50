// SPDX-License-Identifier: Apache-2.0
import Dispatch
import Glibc
import Synchronization

/// Writes whole frames, one after the other, on a thread of its own: a reader that is slow must not hold up the work.
final class FrameWriter: Sendable {
  private let file: Int32
  private let queue = DispatchQueue(label: "frames")
  private let gone = Mutex(false)

  init(_ file: Int32) { self.file = file }

  /// Once the reader has gone, frames go nowhere: there is nobody left to tell.
  func send(_ frame: [UInt8]) {
    queue.async { [self] in
      if gone.withLock({ $0 }) { return }
      var done = 0
      while done < frame.count {
        let count = frame.withUnsafeBytes { write(file, $0.baseAddress?.advanced(by: done), $0.count - done) }
        if count >= 0 {
          done += count
        } else if errno != EINTR {
          gone.withLock { $0 = true }
          return
        }
      }
    }
  }

  /// Waits until all is written.
  func flush() async {
    await withCheckedContinuation { continuation in queue.async { continuation.resume() } }
  }
}
