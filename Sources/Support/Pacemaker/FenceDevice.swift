// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// How one head switches another one off: fence_ipmilan(8) and the other one's BMC.
///
/// Proof and Pacemaker use these same parameters, so that what was proven is what will be used.
package struct FenceDevice: Hashable, Sendable {
  package var head: HostID
  package var bmc: BMC

  package init(head: HostID, bmc: BMC) {
    self.head = head
    self.bmc = bmc
  }

  /// The primitive's id.
  package var id: String { "fence-\(head)" }

  /// The parameters by name, without the password: see `ipmitool`.
  package var parameters: [(name: String, value: String)] {
    [
      ("ip", bmc.address.description),
      ("username", bmc.user),
      ("lanplus", "1"),
      // Without a suite ipmitool first asks the BMC for all it has, which takes ten seconds.
      ("cipher", "3"),
      ("power_wait", "0"),
      ("ipmitool_path", Self.ipmitoolPath(for: head)),
    ]
  }

  package static func ipmitoolPath(for head: HostID) -> String { "/usr/lib/cluster/fence/\(head)" }

  /// A program in ipmitool's place. fence_ipmilan puts the password on ipmitool's command line, where every user sees
  /// it; this one drops that and has ipmitool read it from a file that only root can.
  package static func ipmitool(passwordFile: String) -> String {
    """
    #!/bin/sh
    # ipmitool for fence_ipmilan, with the password from a file instead of the command line.
    left=$#
    while [ "$left" -gt 0 ]; do
      case $1 in
        -P)
          shift 2
          left=$((left - 2))
          ;;
        *)
          set -- "$@" "$1"
          shift
          left=$((left - 1))
          ;;
      esac
    done
    exec /usr/bin/ipmitool -f '\(passwordFile)' "$@"

    """
  }
}
