// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Subprocess
import SystemPackage

/// A program that is talked to for as long as it runs.
package enum StreamProcess {
  /// How it ended.
  package struct Ending: Sendable {
    /// 128 plus the signal that ended it; -1 when it never ran.
    package var status: Int32
    /// The last of what it wrote to standard error.
    package var errorText: String
    /// Why we ended it, or could not start it.
    package var failure: AgentError?
  }

  /// Starts it. Its input ends when the stream does. Cancelling the task kills it, with all that it started.
  ///
  /// - Parameter output: takes what it writes, as it comes; an error ends the program.
  static func start(
    _ program: String, _ arguments: [String], input: AsyncStream<[UInt8]>,
    output: @escaping @Sendable ([UInt8]) throws(AgentError) -> Void
  ) -> Task<Ending, Never> {
    Task {
      Command.ignoreBrokenPipes()
      var options = PlatformOptions()
      // Ctrl-C in the terminal is for this program alone: what is in flight is finished.
      options.processGroupID = 0
      options.teardownSequence = [
        .send(signal: .terminate, toProcessGroup: true, allowedDurationToNextStep: .milliseconds(500))
      ]
      let errors = ErrorTail()
      do {
        let result = try await Subprocess.run(
          Command.executable(program), arguments: Arguments(arguments),
          environment: .inherit.updating(["LC_ALL": "C"]), platformOptions: options, input: .inputWriter,
          output: .sequence, error: .sequence
        ) { execution in
          async let tail: Void = errors.collect(execution.standardError)
          // Stopped where this scope ends.
          async let _: Void = write(input, execution.standardInputWriter)
          for try await buffer in execution.standardOutput { try output(buffer.withUnsafeBytes { Array($0) }) }
          try await tail
        }
        let status: Int32 =
          switch result.terminationStatus {
          case .exited(let code): code
          case .signaled(let signal): 128 + signal
          }
        return Ending(status: status, errorText: await errors.text, failure: nil)
      } catch let error as AgentError {
        return Ending(status: -1, errorText: await errors.text, failure: error)
      } catch let error as SubprocessError where error.code == .executableNotFound {
        return Ending(
          status: -1, errorText: "",
          failure: AgentError(
            .notFound, "\(program) is not installed", next: "Install the package that provides \(program)."))
      } catch {
        return Ending(
          status: -1, errorText: await errors.text,
          failure: AgentError(.commandFailed, "\(program) could not be run", cause: "\(error)", next: "Try again."))
      }
    }
  }

  /// A program that has gone takes no more; its ending says why.
  private static func write(_ input: AsyncStream<[UInt8]>, _ writer: StandardInputWriter) async {
    for await bytes in input {
      guard let count = try? await writer.write(bytes), count == bytes.count else { break }
    }
    try? await writer.finish()
  }

  private actor ErrorTail {
    private var bytes: [UInt8] = []

    var text: String { String(decoding: bytes, as: UTF8.self) }

    func collect(_ stream: SubprocessOutputSequence) async throws {
      for try await buffer in stream {
        buffer.withUnsafeBytes { bytes.append(contentsOf: $0) }
        if bytes.count > 16 << 10 { bytes.removeFirst(bytes.count - 8 << 10) }
      }
    }
  }
}
