// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
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

  func validate() throws {
    guard (0...86_400).contains(lockTimeout) else { throw ValidationError("--lock-timeout is 0 to 86400 seconds.") }
    guard (5...600).contains(confirmWithin) else { throw ValidationError("--confirm-within is 5 to 600 seconds.") }
  }

  var policy: ExecutionPolicy {
    var policy = ExecutionPolicy()
    policy.lockTimeout = .seconds(lockTimeout)
    policy.confirmSeconds = confirmWithin
    return policy
  }
}
