// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// Limits of the boot services that grow with the cluster, and their sources. Each is a power of two or goes in
/// steps: one node more changes no file.
struct BootScale {
  /// Machines of the description, and addresses for others on the networks that are served.
  let machines: Int

  init(_ cluster: Cluster, _ served: [ServedNetwork]) {
    let others = served.reduce(0) { sum, served in
      sum + (served.network.dynamic.map { Int($0.last.bits.minus($0.first.bits)) + 1 } ?? 0)
    }
    // BMCs that DHCP gives their addresses ask as machines do.
    let bmcs = cluster.heads.count { $0.bmcMAC != nil } + cluster.nodes.count { $0.bmcMAC != nil }
    machines = cluster.heads.count + cluster.nodes.count + others + bmcs
  }

  init(machines: Int) { self.machines = machines }

  /// The number to provide for: half as many again, so that replaced machines have room.
  private var provided: Int {
    var size = 1024
    while size < machines + machines / 2 { size *= 2 }
    return size
  }

  /// dnsmasq stops at 1,000 leases by default (`MAXLEASES` in its config.h).
  var leases: Int { provided }
  /// dnsmasq answers 50 TFTP transfers at once by default (`TFTP_MAX_CONNECTIONS`). It goes through all of them for
  /// each packet, so that more at once are fewer in the end: of 10,000 machines in 100 s it served all within 215 s
  /// with 150, and 7,508 within 600 s with 800. Who is not answered asks again.
  var transfers: Int { min(provided, 150) }
  /// For each of nginx's workers: all machines may fetch from one of them, and may keep one connection open besides.
  var connections: Int { max(4096, 2 * provided) }
  /// A connection and a file for each of them, and its logs.
  var files: Int { 2 * connections + 512 }
  /// Neighbours that the kernel keeps without looking for old ones, from where on it looks, and the most: arp(7). Its
  /// own most is 1,024, for all networks together.
  var neighbours: (keep: Int, look: Int, most: Int) { (2 * provided, 4 * provided, 8 * provided) }

  /// See sysctl.d(5).
  var kernel: String {
    let (keep, look, most) = neighbours
    return """
      # Written by cluster; changes made here are undone.
      # A minus: in a network namespace of its own a machine has no such settings.
      -net.ipv4.neigh.default.gc_thresh1 = \(keep)
      -net.ipv4.neigh.default.gc_thresh2 = \(look)
      -net.ipv4.neigh.default.gc_thresh3 = \(most)

      """
  }
}
