// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import Glibc
import HostAccess

/// File operations whose errors say what the lab was about.
enum LabFiles {
  static func attempt<Value>(_ what: String, _ body: () throws -> Value) throws(AgentError) -> Value {
    do {
      return try body()
    } catch let error as AgentError {
      throw error
    } catch {
      let code: AgentError.Code = (error as? CocoaError)?.code == .fileWriteOutOfSpace ? .diskFull : .invalid
      throw AgentError(code, what, cause: "\(error)", next: "Repair it, or remove the lab with `cluster lab down`.")
    }
  }

  static func makeDirectory(_ path: String, mode: Int = 0o755) throws(AgentError) {
    try attempt("The folder \(path) could not be made") {
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: mode])
    }
  }

  private static let temporaryEnding = ".tmp"

  /// Removes what programs that were killed while they wrote a file have left beside it. Nobody may be writing it.
  static func removeTemporaries(of path: String) throws(AgentError) {
    let (folder, name) = ((path as NSString).deletingLastPathComponent, (path as NSString).lastPathComponent)
    guard exists(folder) else { return }
    let names = try attempt("\(folder) could not be read") {
      try FileManager.default.contentsOfDirectory(atPath: folder)
    }
    for other in names where other.hasPrefix("\(name).") && other.hasSuffix(temporaryEnding) {
      try remove("\(folder)/\(other)")
    }
  }

  /// Atomic: a reader sees the old or the new contents.
  static func write(_ text: String, to path: String, mode: Int = 0o644) throws(AgentError) {
    try write(Data(text.utf8), to: path, mode: mode)
  }

  static func write(_ data: Data, to path: String, mode: Int = 0o644) throws(AgentError) {
    try makeDirectory((path as NSString).deletingLastPathComponent)
    try attempt("\(path) could not be written") {
      let temporary = "\(path).\(getpid())\(temporaryEnding)"
      guard
        FileManager.default.createFile(atPath: temporary, contents: data, attributes: [.posixPermissions: mode]),
        Glibc.rename(temporary, path) == 0
      else { throw CocoaError(errno == ENOSPC ? .fileWriteOutOfSpace : .fileWriteUnknown) }
    }
  }

  static func writeJSON(_ value: some Encodable, to path: String) throws(AgentError) {
    let data = try attempt("\(path) could not be encoded") {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      return try encoder.encode(value) + Data("\n".utf8)
    }
    try write(data, to: path)
  }

  /// The value, or nil where there is no such file or it is not as expected.
  static func readJSON<Value: Decodable>(_ type: Value.Type, from path: String) -> Value? {
    (try? Data(contentsOf: URL(fileURLWithPath: path))).flatMap { try? JSONDecoder().decode(type, from: $0) }
  }

  static func rename(_ path: String, to target: String) throws(AgentError) {
    try attempt("\(path) could not be put in place") {
      try FileManager.default.moveItem(atPath: path, toPath: target)
    }
  }

  static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

  static func text(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }

  static func link(_ path: String, to target: String) throws(AgentError) {
    try makeDirectory((path as NSString).deletingLastPathComponent)
    try remove(path)
    try attempt("The link \(path) could not be made") {
      try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
    }
  }

  /// Removing what is not there is no error.
  static func remove(_ path: String) throws(AgentError) {
    try attempt("\(path) could not be removed") {
      var info = stat()
      guard lstat(path, &info) == 0 else { return }
      try FileManager.default.removeItem(atPath: path)
    }
  }
}

/// An exclusive flock(2), held for the length of a closure. The kernel drops it when its holder dies.
enum LabLock {
  /// Waits for its turn. The lock's file is made when it is not there.
  static func hold<Value>(
    _ path: String, _ body: () async throws(AgentError) -> Value
  ) async throws(AgentError) -> Value {
    try LabFiles.makeDirectory((path as NSString).deletingLastPathComponent)
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
