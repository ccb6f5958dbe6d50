// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization
import Testing

/// A program that a test watches while it runs: what it says on standard error, and how it ends.
package final class RunningProgram: Sendable {
  private let process: Process
  private let said = Said()
  private let (lines, told) = AsyncStream.makeStream(of: Void.self)

  /// A signal that it gets as soon as it says these words, however busy the tests' own threads are.
  package struct Interruption: Sendable {
    let words: String
    let signal: Int32

    package init(of signal: Int32, at words: String) {
      self.words = words
      self.signal = signal
    }
  }

  /// - Parameter environment: variables besides those of the test.
  package init(
    _ program: String, _ arguments: [String], environment: [String: String] = [:], interruption: Interruption? = nil
  ) throws {
    process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(["NO_COLOR": "1"]) { $1 }.merging(environment) {
      $1
    }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    let errors = Pipe()
    process.standardError = errors
    let reading = errors.fileHandleForReading
    try process.run()
    let program = process.processIdentifier
    // A thread that waits in read(2): a readability handler now and then is not told of the end.
    Thread.detachNewThread { [said, told] in
      var isToCome = interruption
      while case let more = reading.availableData, !more.isEmpty {
        let text = said.text.withLock {
          $0 += String(decoding: more, as: UTF8.self)
          return $0
        }
        if let due = isToCome, text.contains(due.words) {
          kill(program, due.signal)
          isToCome = nil
        }
        told.yield()
      }
      told.finish()
    }
  }

  package var text: String { said.text.withLock { $0 } }

  package func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

  /// Waits until it has said the words; an issue when it ends before.
  package func says(_ words: String) async throws {
    if text.contains(words) { return }
    for await _ in lines where text.contains(words) { return }
    try #require(text.contains(words), "it ended without saying `\(words)`:\n\(text)")
  }

  /// Its exit status, or 128 plus the signal that ended it.
  package func ended() async throws -> Int32 {
    for await _ in lines {}
    // On a thread of its own. Foundation hears of one end after the other, and sshd(8) closes the socket by which it
    // does: it then waits for that sshd, which another test ends, on one of the few threads that tests have.
    await withCheckedContinuation { done in
      Thread.detachNewThread { [process] in
        process.waitUntilExit()
        done.resume()
      }
    }
    return process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus
  }
}

private final class Said: Sendable {
  let text = Mutex("")
}
