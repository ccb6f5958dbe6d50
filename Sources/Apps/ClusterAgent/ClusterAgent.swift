// SPDX-License-Identifier: Apache-2.0
import AgentServer
import ClusterModel
import Glibc
import HostAccess

/// The program that `cluster` copies to a host: answers probes and performs operations over standard input and output.
@main
struct ClusterAgent {
  static func main() async {
    switch CommandLine.arguments.dropFirst() {
    case ["--version"]: say("cluster-agent, protocol \(Request.version)\n", STDOUT_FILENO)
    case ["serve"]: await serve()
    default:
      say("usage: cluster-agent serve | --version\n", STDERR_FILENO)
      exit(64)
    }
  }

  private static func serve() async {
    signal(SIGPIPE, SIG_IGN)
    // A login that ends sends this; a step in flight is finished all the same.
    signal(SIGHUP, SIG_IGN)
    // Standard output carries nothing but frames; whatever else prints goes to standard error.
    let output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)
    dup2(STDERR_FILENO, STDOUT_FILENO)
    do throws(AgentError) {
      let name = try FileSystem.text("/proc/sys/kernel/hostname").filter { !$0.isWhitespace }
      let agent = Agent(id: HostID(name))
      try await AgentService(host: agent, output: output).serve(input: STDIN_FILENO)
    } catch {
      say("cluster-agent: \(error)\n  \(error.next)\n", STDERR_FILENO)
      exit(65)
    }
  }

  private static func say(_ text: String, _ file: Int32) {
    let bytes = Array(text.utf8)
    _ = write(file, bytes, bytes.count)
  }
}
