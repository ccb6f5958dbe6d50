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

/// The bytes that come in on a file descriptor.
enum ByteStream {
  /// Ends at its end, and at an error of read(2), which for a pipe comes to the same.
  static func reading(_ file: Int32) -> AsyncStream<[UInt8]> {
    let (stream, continuation) = AsyncStream<[UInt8]>.makeStream()
    // A thread of its own: the concurrency pool has only as many as there are cores.
    DispatchQueue(label: "input").async {
      var buffer = [UInt8](repeating: 0, count: 256 << 10)
      while true {
        let count = read(file, &buffer, buffer.count)
        if count > 0 { continuation.yield(Array(buffer[..<count])) } else if count == 0 || errno != EINTR { break }
      }
      continuation.finish()
    }
    return stream
  }
}
