// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import Execution

/// How patient a run is.
struct RunOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Wait for another run that is at work, at most so long. Without it, end with status 5 at once.",
      valueName: "seconds"))
  var lockTimeout = 0

  @Option(
    help: ArgumentHelp(
      "A host undoes a change of its addresses, sshd or firewall that is not confirmed over a new connection within "
        + "this time.", valueName: "seconds"))
  var confirmWithin = 60

  @Option(
    help: ArgumentHelp(
      "You know that this head is off: do not wait until it can be asked whether another run is at work on it.",
      valueName: "head"))
  var withoutHead: [String] = []

  @Option(
    help: "How progress is shown: live, redrawn in place, or plain lines. Live where standard error is a terminal.")
  var progress: ProgressStyle?

  @Option(
    help: ArgumentHelp("Write each event of the run into this file, one line of JSON each.", valueName: "file"),
    completion: .file())
  var jsonInto: String?

  func validate() throws {
    guard (0...86_400).contains(lockTimeout) else { throw ValidationError("--lock-timeout is 0 to 86400 seconds.") }
    if jsonInto == "-" {
      throw ValidationError("--json-into needs a file: standard output is for the result. Use /dev/fd/3 for a pipe.")
    }
    guard (5...600).contains(confirmWithin) else { throw ValidationError("--confirm-within is 5 to 600 seconds.") }
  }

  /// A misspelt head would be waited for after all.
  func check(_ cluster: Cluster) throws(Failure) {
    let heads = cluster.heads.map(\.name.name)
    guard let unknown = withoutHead.first(where: { !heads.contains($0) }) else { return }
    throw Failure(
      "--without-head: the description has no head \(unknown)", next: "Name one of \(heads.joined(separator: ", ")).")
  }

  var policy: ExecutionPolicy {
    var policy = ExecutionPolicy()
    policy.lockTimeout = .seconds(lockTimeout)
    policy.confirmSeconds = confirmWithin
    policy.without = Set(withoutHead.map { HostID($0) })
    return policy
  }
}

enum ProgressStyle: String, ExpressibleByArgument, CaseIterable { case live, plain }
