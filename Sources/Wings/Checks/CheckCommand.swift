// SPDX-License-Identifier: Apache-2.0
import ClusterModel

extension CheckGoal {
  private static let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

  /// Writes its standard input as a program into a folder of its own, runs that with the arguments, and removes it. The
  /// same text always: nothing of a site is in it.
  private static let launcher = """
    set -eu
    d=$(mktemp -d /tmp/cluster-check.XXXXXXXX)
    trap 'rm -rf "$d"' EXIT
    trap 'exit 143' HUP INT TERM
    cat >"$d/check"
    chmod 700 "$d/check"
    "$d/check" "$@" </dev/null
    """

  /// The program of a part, with all that makes it another account's or a job, and its standard input.
  ///
  /// - Parameter head: where it is begun, unless it is a node that is logged in to.
  package func command(_ part: Part, on head: HostID) -> (argv: [String], input: [UInt8]) {
    var argv = part.words
    if script != nil { argv = ["sh", "-c", Self.launcher, "check"] + argv }
    if account == .job {
      let pinned = part.machine == head ? [] : ["--nodelist=\(part.machine)"]
      argv = ["srun", "--quiet", "--ntasks=1", "--job-name=\(check)"] + pinned + argv
    }
    // On a node, the way in has a clock of its own.
    let stopped = part.address == nil ? ["timeout", "--kill-after=5", "\(seconds)"] : []
    return (stopped + Self.environment(account) + argv, script?.contents.bytes ?? [])
  }

  /// Nothing of the agent's own environment.
  private static func environment(_ account: SetCheck.Account) -> [String] {
    let (name, home) = account == .root ? ("root", "/root") : (TestAccount.name, TestAccount.home)
    return (account == .root ? [] : ["runuser", "-u", name, "--"])
      + ["env", "-i", "-C", home, "PATH=\(path)", "LC_ALL=C", "HOME=\(home)", "USER=\(name)", "LOGNAME=\(name)"]
  }
}
