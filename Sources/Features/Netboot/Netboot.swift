// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// DHCP, TFTP, DNS and HTTP for the network that serves them: dnsmasq, iPXE and nginx on every head.
package enum Netboot: Feature {
  package static let name = "netboot"

  package static func resources(_ cluster: Cluster, _ files: SiteFiles) -> [Resource] { [] }
}
