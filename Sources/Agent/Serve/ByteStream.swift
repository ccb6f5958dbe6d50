// SPDX-License-Identifier: Apache-2.0
import Dispatch
import Glibc

/// What comes in on a file descriptor.
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
