// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// Keeps packages from starting their daemons with a configuration that is not ours yet: invoke-rc.d(8), policy-rc.d.
enum DaemonStarts {
  private static let path = "/usr/sbin/policy-rc.d"
  private static let kept = "/usr/sbin/policy-rc.d.cluster-kept"
  private static let script = """
    #!/bin/sh
    # Written by cluster while it installs packages: none of their daemons starts. It is removed afterwards.
    exit 101

    """

  static func forbid() throws(AgentError) {
    try allow()
    if try FileSystem.entry(path) != nil { try FileSystem.move(path, to: kept) }
    try FileSystem.write(Array(script.utf8), to: path, mode: 0o755)
  }

  /// Takes ours away, also one that a crash left, and puts back what was there.
  static func allow() throws(AgentError) {
    if try FileSystem.entry(path)?.kind == .file, try FileSystem.text(path) == script { try FileSystem.remove(path) }
    if try FileSystem.entry(kept) != nil, try FileSystem.entry(path) == nil { try FileSystem.move(kept, to: path) }
  }
}
