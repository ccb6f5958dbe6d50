// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess

/// An exclusive flock(2), held for the length of a closure. The kernel drops it when its holder dies.
enum FileLock {
  /// Waits for its turn. The lock's file is made when it is not there.
  static func hold<Value>(
    _ path: String, _ body: () async throws(AgentError) -> Value
  ) async throws(AgentError) -> Value {
    try Files.makeDirectory((path as NSString).deletingLastPathComponent)
    return try await hold(path, flags: O_RDWR | O_CREAT, LOCK_EX, body)
  }

  /// Locks a file that is there for another purpose. Refused while someone else holds it.
  static func holdNow<Value>(
    existing path: String, _ body: () async throws(AgentError) -> Value
  ) async throws(AgentError) -> Value {
    try await hold(path, flags: O_RDONLY, LOCK_EX | LOCK_NB, body)
  }

  private static func hold<Value>(
    _ path: String, flags: Int32, _ operation: Int32, _ body: () async throws(AgentError) -> Value
  ) async throws(AgentError) -> Value {
    let file = open(path, flags | O_CLOEXEC, 0o600)
    guard file >= 0 else {
      throw AgentError(
        .permission, "\(path) could not be opened", cause: String(cString: strerror(errno)), next: "Run it as root.")
    }
    defer { close(file) }
    while flock(file, operation) != 0 {
      if errno == EWOULDBLOCK {
        throw AgentError(
          .conflict, "Another `cluster lab` is at work on \(path)", next: "Wait for it to end, then try again.")
      }
      guard errno == EINTR else {
        throw AgentError(
          .invalid, "\(path) could not be locked", cause: String(cString: strerror(errno)), next: "Try again.")
      }
    }
    // Given up itself: a child that is just being started holds a copy of the file until it executes its program.
    defer { flock(file, LOCK_UN) }
    return try await body()
  }
}
