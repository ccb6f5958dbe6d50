// SPDX-License-Identifier: Apache-2.0
import AgentServer
import ClusterModel
import Glibc
import HostAccess
import Logging

/// The program that `cluster` copies to a host and talks to over SSH. It has these uses:
///
///     cluster-agent serve --host NAME     frames on standard input and output, until the input ends
///     cluster-agent undo CHANGE           undo a change that nobody has confirmed; a timer of systemd's calls it
///     cluster-agent undo --boot           the same before links come up, for whatever was not confirmed
///     cluster-agent receive-history|send-history PATH
///                                         git's end of a push to or a fetch from this host's copy of the record
///     cluster-agent ocf SCRIPT ACTION     a resource agent of Pacemaker's, by the script at its place
///     cluster-agent replica standby|active …
///                                         the stand-in for DRBD, by the units that `cluster` writes
///     cluster-agent --version             protocol version and digest
@main
struct ClusterAgent {
  static func main() async {
    // What sshd gives to a command may lack the folders of administrators' programs.
    setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1)
    // Files that others must read get their mode from their goal, and folders theirs; nothing from who logged in.
    umask(0o022)
    let arguments = Array(CommandLine.arguments.dropFirst())
    // First: Pacemaker asks every few seconds.
    if arguments.first == "ocf" {
      exit(ResourceAgents.run(Array(arguments.dropFirst()), environment: environment()))
    }
    if arguments.first == "replica" {
      do throws(AgentError) { try ReplicaProgram.run(Array(arguments.dropFirst())) } catch {
        say(STDERR_FILENO, "cluster-agent: \(error). \(error.next)")
        exit(1)
      }
      exit(0)
    }
    let log = Logger(label: "cluster-agent") { _ in JournalLog() }
    do throws(AgentError) {
      if arguments == ["--version"] {
        say(STDOUT_FILENO, try version())
      } else if arguments.count == 3, arguments[0] == "serve", arguments[1] == "--host", !arguments[2].isEmpty {
        try await serve(HostID(arguments[2]), log)
      } else if arguments.count == 2, arguments[0] == "undo" {
        let change = arguments[1] == "--boot" ? nil : PendingChange.ID(text: arguments[1])
        let undone = try await DeadManSwitch(log: log).undoInTime(change)
        say(STDOUT_FILENO, undone.map { "undone: \($0)" } ?? "nothing is to be undone")
      } else if arguments.count == 2, let service = HistoryRepository.Service(rawValue: arguments[0]) {
        throw try await HistoryRepository.serve(service, at: arguments[1])
      } else {
        say(
          STDERR_FILENO,
          "usage: cluster-agent serve --host NAME | undo CHANGE | undo --boot | receive-history PATH | "
            + "send-history PATH | ocf SCRIPT ACTION | --version")
        exit(64)
      }
    } catch {
      log.error("\(error)", metadata: ["arguments": "\(arguments.joined(separator: " "))"])
      say(STDERR_FILENO, "cluster-agent: \(error). \(error.next)")
      exit(1)
    }
  }

  private static func serve(_ host: HostID, _ log: Logger) async throws(AgentError) {
    // A login that ends sends this; a step in flight is finished all the same.
    signal(SIGHUP, SIG_IGN)
    // Standard output carries nothing but frames; whatever else prints goes to standard error.
    let output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
    guard output >= 0, dup2(STDERR_FILENO, STDOUT_FILENO) >= 0 else {
      throw FileSystem.failure("Standard output cannot be set apart")
    }
    try await AgentService.serve(
      Agent(id: host, deadMan: DeadManSwitch(log: log)), input: STDIN_FILENO, output: output, log: log)
  }

  /// Only what resource agents are told.
  private static func environment() -> [String: String] {
    var values: [String: String] = [:]
    var next = environ
    while let entry = next.pointee {
      let parts = String(cString: entry).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2, parts[0].hasPrefix("OCF_") { values[String(parts[0])] = String(parts[1]) }
      next += 1
    }
    return values
  }

  private static func version() throws(AgentError) -> String {
    // The program itself: a link, which is followed by asking the kernel where it leads.
    let digest = SHA256.hex(try FileSystem.read(try FileSystem.linkTarget("/proc/self/exe"), limit: 512 << 20))
    return "cluster-agent protocol \(WireProtocol.version) sha256 \(digest)"
  }

  private static func say(_ file: Int32, _ line: String) {
    let bytes = Array("\(line)\n".utf8)
    _ = bytes.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
  }
}
