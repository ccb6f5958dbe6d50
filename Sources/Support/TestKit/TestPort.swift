// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Ports for servers of tests that run beside each other: below those that the kernel gives to clients, and each once.
package enum TestPort {
  private static let range = 20_000..<30_000
  /// Another process of tests begins elsewhere.
  private static let last = Mutex(Int.random(in: range))

  package static func next() -> Int {
    last.withLock { port in
      port = port + 1 < range.upperBound ? port + 1 : range.lowerBound
      return port
    }
  }
}
