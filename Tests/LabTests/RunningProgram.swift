// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization
import Testing

/// A `cluster` that a test watches while it runs.
final class RunningProgram: Sendable {
  private let process: Process
  private let said = Said()
  private let (lines, told) = AsyncStream.makeStream(of: Void.self)

  init(_ program: String, _ arguments: [String]) throws {
    process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(["NO_COLOR": "1"]) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    let errors = Pipe()
    process.standardError = errors
    errors.fileHandleForReading.readabilityHandler = { [said, told] handle in
      let more = handle.availableData
      if more.isEmpty {
        handle.readabilityHandler = nil
        told.finish()
      } else {
        said.text.withLock { $0 += String(decoding: more, as: UTF8.self) }
        told.yield()
      }
    }
    try process.run()
  }

  var text: String { said.text.withLock { $0 } }

  func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

  /// Waits until it has said the words; an issue when it ends before.
  func says(_ words: String) async throws {
    if text.contains(words) { return }
    for await _ in lines where text.contains(words) { return }
    try #require(text.contains(words), "it ended without saying `\(words)`:\n\(text)")
  }

  /// Its exit status, or 128 plus the signal that ended it.
  func ended() async throws -> Int32 {
    for await _ in lines {}
    process.waitUntilExit()
    return process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
  }
}

private final class Said: Sendable {
  let text = Mutex("")
}
