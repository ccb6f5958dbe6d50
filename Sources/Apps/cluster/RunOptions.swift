// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import ClusterModel
import Execution
import Planning
import Reconciler

/// How patient a run is.
struct RunOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "How long to wait for another run to end. By default, exit with status 5 at once.",
      valueName: "seconds"))
  var lockTimeout = 0

  @Option(
    help: ArgumentHelp(
      "How long a host waits for the confirmation of a change of its addresses, sshd or firewall before it undoes the "
        + "change.", valueName: "seconds"))
  var confirmWithin = 60

  @Option(
    help: ArgumentHelp(
      "A head that you know is off: do not wait for it to answer whether another run is using it.",
      valueName: "head"))
  var withoutHead: [String] = []

  @Option(
    help: "How to show progress: live, redrawn in place, or as plain lines. Default: live on a terminal.")
  var progress: ProgressStyle?

  @Option(
    help: ArgumentHelp("Write the run's events to this file, one JSON object per line.", valueName: "file"),
    completion: .file())
  var jsonInto: String?

  func validate() throws {
    guard (0...86_400).contains(lockTimeout) else {
      throw ValidationError("--lock-timeout must be between 0 and 86400 seconds.")
    }
    if jsonInto == "-" {
      throw ValidationError("--json-into needs a file: standard output is for the result. Use /dev/fd/3 for a pipe.")
    }
    guard (5...600).contains(confirmWithin) else {
      throw ValidationError("--confirm-within must be between 5 and 600 seconds.")
    }
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

/// The part of a plan that is wanted, and how much it may disrupt.
struct TermsOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Limit the plan to this and what it depends on: machines (node[01-10]) or a resource (file@head1:/etc/hosts). * matches any text.",
      valueName: "what"))
  var target: [String] = []

  @Option(
    help: ArgumentHelp("Leave this out, and what depends on it. Written like a target.", valueName: "what"))
  var exclude: [String] = []

  @Option(help: "Do nothing if any step would disrupt more than this.")
  var maxDisruption: Step.Disruption?

  func validate() throws {
    for text in target + exclude where Selector(text) == nil {
      throw ValidationError("`\(text)` is neither a hostlist (node[01-10]) nor a resource (file@head1:/etc/hosts).")
    }
  }

  var isGiven: Bool { !target.isEmpty || !exclude.isEmpty || maxDisruption != nil }

  var terms: RunTerms {
    RunTerms(
      scope: PlanScope(targets: target.compactMap(Selector.init), excluded: exclude.compactMap(Selector.init)),
      ceiling: maxDisruption)
  }
}

extension Step.Disruption: ExpressibleByArgument {}
