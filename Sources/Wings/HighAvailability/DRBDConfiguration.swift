// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// DRBD's configuration of the replicated state: drbd.conf(5) of version 8.4, the same on both heads.
package struct DRBDConfiguration {
  package static let path = "/etc/drbd.d/cluster-state.res"
  package static let resource = "cluster-state"
  /// Far from those that a site gives to disks of its own, which begin at 0 and 7788.
  package static let minor = 100
  package static let port: UInt16 = 7790
  package static let device = "/dev/drbd\(minor)"

  let cluster: Cluster
  let replica: HighAvailabilityPolicy.State.Replica

  /// Protocol C: a write counts when both have it. A head that loses the other one writes nothing until the other is
  /// known to be off, or barred from becoming active by a constraint in Pacemaker's configuration: then it goes on
  /// alone. The handlers come with drbd-utils.
  ///
  /// Without rates of its own DRBD copies 250 KiB/s while anything else uses the disk: a terabyte in seven weeks.
  ///
  /// A lost peer is noticed within three seconds: `timeout` and `ping-timeout` are in tenths, and `timeout` has to be
  /// below the two intervals. Copies that have gone apart are never merged by guessing.
  var text: String {
    """
    # Written by cluster; changes made here are undone.
    resource \(Self.resource) {
      net {
        protocol C;
        timeout 15;
        ping-int 2;
        ping-timeout 10;
        connect-int 2;
        after-sb-0pri disconnect;
        after-sb-1pri disconnect;
        after-sb-2pri disconnect;
      }
      disk {
        fencing resource-and-stonith;
        on-io-error detach;
        c-fill-target 1M;
        c-min-rate 40M;
        c-max-rate 400M;
      }
      handlers {
        fence-peer "/usr/lib/drbd/crm-fence-peer.sh --timeout \(patience) --dc-timeout \(patience + 30)";
        after-resync-target "/usr/lib/drbd/crm-unfence-peer.sh";
      }
    \(cluster.heads.map(host).joined())}

    """
  }

  /// Seconds that the handler waits for Pacemaker to say that the other head is off. Then it takes the other one for
  /// lost, and writes go on; 90 s, its default, is less than one round of fencing by a BMC and a power strip.
  private var patience: Int64 {
    let noticed = CorosyncConfiguration.noticed(cluster.ha?.heartbeat.detect.milliseconds ?? 0) / 1000 + 1
    let ways = cluster.heads.map(\.fencing.count).max() ?? 0
    return noticed + Int64(max(1, ways)) * PacemakerElements.fencingSeconds + 15
  }

  private func host(_ head: Head) -> String {
    guard let disk = replica.disks[head.name], let address = head.nic(on: replica.network)?.address else { return "" }
    return """
        on \(head.name) {
          device \(Self.device) minor \(Self.minor);
          disk "\(disk)";
          meta-disk internal;
          address ipv4 \(address):\(Self.port);
        }

      """
  }
}
