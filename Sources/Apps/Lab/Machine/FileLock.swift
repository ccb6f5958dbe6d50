// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess

/// An exclusive flock(2), held for the length of a closure. The kernel drops it when its holder dies.
enum FileLock {
  static func hold<Value>(
    _ path: String, _ body: () async throws(AgentError) -> Value
  ) async throws(AgentError) -> Value {
    try Files.makeDirectory((path as NSString).deletingLastPathComponent)
    let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else {
      throw AgentError(
        .permission, "\(path) could not be opened", cause: String(cString: strerror(errno)), next: "Run it as root.")
    }
    defer { close(file) }
    while flock(file, LOCK_EX) != 0 {
      guard errno == EINTR else {
        throw AgentError(
          .invalid, "\(path) could not be locked", cause: String(cString: strerror(errno)), next: "Try again.")
      }
    }
    return try await body()
  }
}
