// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc
import Subprocess
import SystemPackage

/// Runs programs as argv, never through a shell.
///
/// Each program gets a process group of its own, which is killed as a whole at the deadline or when the task is
/// cancelled, so that nothing it started is left over.
package enum Command {
  /// More output than this of one program is an error, not a memory problem.
  static let outputLimit = 256 << 20

  /// A word in quotes, for programs that give it to a shell on the way: ssh(1) does so with a command, git(1) with
  /// `core.sshCommand`. The shell reads it back as it was.
  package static func shellWord(_ word: String) -> String {
    "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }

  /// Runs a program to its end. A non-zero status is a result, not an error.
  ///
  /// - Parameters:
  ///   - program: looked up in `PATH` unless it holds a slash.
  ///   - environment: added to this process's own; `LC_ALL=C` unless it says otherwise.
  ///   - input: the program's standard input; a program that does not read it all is no error.
  ///   - keeping: bytes of each stream that are kept; what comes after them is read and dropped.
  ///   - line: called with each finished line of standard output, while the program runs.
  /// - Throws: `.notFound` when there is no such program, `.deadline`, `.cancelled`, `.commandFailed` when it could
  ///   not be started.
  package static func run(
    _ program: String, _ arguments: [String], environment: [String: String] = [:], input: [UInt8] = [],
    deadline: Duration = .seconds(60), keeping: Int = .max, line: (@Sendable (String) -> Void)? = nil
  ) async throws(AgentError) -> CommandResult {
    enum Event: Sendable {
      case ended(Result<CommandResult, AgentError>)
      case deadline
      case stopped
    }
    ignoreBrokenPipes()
    var late = false
    let outcome = await withTaskGroup(of: Event.self) { group -> Result<CommandResult, AgentError> in
      group.addTask { .ended(await start(program, arguments, environment, input, keeping, line)) }
      group.addTask {
        do { try await ContinuousClock().sleep(for: deadline) } catch { return .stopped }
        return .deadline
      }
      while let event = await group.next() {
        switch event {
        case .ended(let result):
          group.cancelAll()
          return result
        case .deadline:
          late = true
          group.cancelAll()
        case .stopped: continue
        }
      }
      return .failure(AgentError(.commandFailed, "\(program) ended without a result", next: "Try again."))
    }
    // A killed run returns normally, so what killed it is asked here.
    if case .success(let result) = outcome, result.status < 128 { return result }
    if late {
      throw AgentError(
        .deadline, "\(program) did not end within \(deadline)", cause: (try? outcome.get())?.lastLines,
        next: "Find out what \(program) is waiting for, then try again.")
    }
    if Task.isCancelled {
      throw AgentError(.cancelled, "\(program) was stopped", next: "Run `cluster apply` again to continue.")
    }
    return try outcome.get()
  }

  /// Like `run`, but a non-zero status is `.commandFailed` with what the program said last as its cause.
  @discardableResult
  package static func checked(
    _ program: String, _ arguments: [String], environment: [String: String] = [:], input: [UInt8] = [],
    deadline: Duration = .seconds(60), next: String, line: (@Sendable (String) -> Void)? = nil
  ) async throws(AgentError) -> CommandResult {
    let result = try await run(
      program, arguments, environment: environment, input: input, deadline: deadline, line: line)
    guard result.succeeded else {
      let said = result.lastLines
      throw AgentError(
        .commandFailed, "\(program) failed", cause: said.isEmpty ? "status \(result.status)" : said, next: next)
    }
    return result
  }

  /// Looked for here, as execvp(3) would: Subprocess starts a child for each folder of PATH to find out whether the
  /// program is there, and a probe takes longer to start than to answer. What is not found is left to it to report.
  static func executable(_ program: String) -> Executable {
    if program.contains("/") { return .path(FilePath(program)) }
    let folders = getenv("PATH").map { String(cString: $0) } ?? ""
    for folder in folders.split(separator: ":") where access("\(folder)/\(program)", X_OK) == 0 {
      return .path(FilePath("\(folder)/\(program)"))
    }
    return .name(program)
  }

  private static func start(
    _ program: String, _ arguments: [String], _ environment: [String: String], _ input: [UInt8], _ keeping: Int,
    _ line: (@Sendable (String) -> Void)?
  ) async -> Result<CommandResult, AgentError> {
    var options = PlatformOptions()
    options.processGroupID = 0
    options.teardownSequence = [
      .send(signal: .terminate, toProcessGroup: true, allowedDurationToNextStep: .milliseconds(500))
    ]
    var variables: [Environment.Key: String?] = ["LC_ALL": "C"]
    for (name, value) in environment {
      guard let key = Environment.Key(rawValue: name) else { continue }
      variables[key] = value
    }
    do {
      let result = try await Subprocess.run(
        executable(program), arguments: Arguments(arguments),
        environment: .inherit.updating(variables), platformOptions: options, input: .inputWriter, output: .sequence,
        error: .sequence
      ) { execution in
        async let errors = collect(execution.standardError, keeping, nil)
        async let output = collect(execution.standardOutput, keeping, line)
        // A program may end without reading its input; its status tells whether that was wrong.
        if !input.isEmpty { _ = try? await execution.standardInputWriter.write(input) }
        try await execution.standardInputWriter.finish()
        return try await (output, errors)
      }
      let status: Int32 =
        switch result.terminationStatus {
        case .exited(let code): code
        case .signaled(let signal): 128 + signal
        }
      return .success(
        CommandResult(status: status, stdout: result.closureResult.0, stderr: result.closureResult.1))
    } catch let error as AgentError {
      return .failure(error)
    } catch let error as SubprocessError where error.code == .executableNotFound {
      return .failure(
        AgentError(.notFound, "\(program) is not installed", next: "Install the package that provides \(program)."))
    } catch {
      return .failure(
        AgentError(.commandFailed, "\(program) could not be run", cause: "\(error)", next: "Try again."))
    }
  }

  private static func collect(
    _ stream: SubprocessOutputSequence, _ keeping: Int, _ line: (@Sendable (String) -> Void)?
  ) async throws -> [UInt8] {
    var bytes: [UInt8] = []
    var told = 0
    for try await buffer in stream {
      buffer.withUnsafeBytes { bytes.append(contentsOf: $0.prefix(keeping - bytes.count)) }
      guard bytes.count <= outputLimit else {
        throw AgentError(
          .commandFailed, "A program wrote more than \(outputLimit >> 20) MiB", next: "Check its output for a loop.")
      }
      guard let line else { continue }
      while let end = bytes[told...].firstIndex(of: UInt8(ascii: "\n")) {
        line(String(decoding: bytes[told..<end], as: UTF8.self))
        told = end + 1
      }
    }
    if let line, told < bytes.count { line(String(decoding: bytes[told...], as: UTF8.self)) }
    return bytes
  }

  /// Writing to a program that has ended must be an error to handle, not the end of this process. Programs that are
  /// started get the default back.
  package static func ignoreBrokenPipes() { _ = signal(SIGPIPE, SIG_IGN) }
}

/// The result of a program that has ended.
package struct CommandResult: Sendable {
  /// Its exit status, or 128 plus the signal that ended it, as a shell would say.
  package var status: Int32
  package var stdout: [UInt8]
  package var stderr: [UInt8]

  package init(status: Int32, stdout: [UInt8] = [], stderr: [UInt8] = []) {
    self.status = status
    self.stdout = stdout
    self.stderr = stderr
  }

  package var succeeded: Bool { status == 0 }
  /// Standard output as UTF-8, with replacement characters where it is not.
  package var text: String { String(decoding: stdout, as: UTF8.self) }
  package var errorText: String { String(decoding: stderr, as: UTF8.self) }

  /// The last lines that the program said, errors before output, for a message to the user.
  package var lastLines: String {
    let said = errorText.contains { !$0.isWhitespace } ? errorText : text
    return said.split(whereSeparator: \.isNewline).filter { $0.contains { !$0.isWhitespace } }.suffix(8)
      .joined(separator: "\n")
  }
}
