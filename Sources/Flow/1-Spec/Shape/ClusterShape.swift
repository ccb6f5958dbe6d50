// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The shape of `cluster.yaml`, version 1.
enum ClusterShape {
  static let root = Shape.section([
    .init("version", .scalar(.version), required: true, "The version of this format: 1."),
    .init("cluster", .scalar(.name), required: true, "The cluster's name."),
    .init("domain", .scalar(.domain), required: true, "The DNS domain of its machines."),
    .init("timezone", .scalar(.timezone), "A time zone: Europe/Zurich."),
    .init("repositories", repositories, "Where packages come from; Debian's mirrors when left out."),
    .init("networks", .named(.name, network), required: true, "The cluster's networks, by name."),
    .init("heads", .named(.name, head), required: true, "The machines that serve the others, by name."),
    .init("images", .named(.name, image), "The systems that nodes run, by name."),
    .init("nodes", .list(nodes, minimum: 1), "The machines that compute, in groups."),
    .init("ha", ha, "How the heads stand in for each other."),
    .init("access", access, "How the heads are reached."),
  ])

  private static let repositories = Shape.section([
    .init("mirror", .scalar(.url), "A mirror of Debian."),
    .init("proxy", .scalar(.url), "A caching proxy for packages."),
  ])

  private static let network = Shape.section([
    .init("cidr", .scalar(.network), required: true, "Its addresses: 10.1.0.0/16."),
    .init("gateway", .scalar(.address), "The router to other networks."),
    .init("dns", .list(.scalar(.address), minimum: 1), "Resolvers for names outside the cluster."),
    .init(
      "serves", .list(.scalar(.choice(Network.Service.allCases.map(\.rawValue))), minimum: 1),
      "What the heads serve on it: dhcp, dns, boot."),
    .init("dynamic", .scalar(.range), "Addresses for machines that are not named: 10.1.250.1-10.1.250.99."),
  ])

  private static let bmc = Shape.section([
    .init("address", .scalar(.countingAddress), required: true, "The BMC's address."),
    .init("protocol", .scalar(.choice(BMC.BMCProtocol.allCases.map(\.rawValue))), "How it is spoken to: ipmi."),
    .init("user", .scalar(.text), required: true, "The account on the BMC."),
    .init("password", .scalar(.secret), required: true, "The password's name: secret:bmc/head1."),
  ])

  private static let nic = Shape.section([
    .init("network", .scalar(.name), required: true, "The network it is on."),
    .init("address", .scalar(.countingAddress), required: true, "Its address; 10.1.1.1+ counts up with the names."),
    .init("mac", .scalar(.countingMAC), "Its MAC address; 52:54:00:11:00:01+ counts up with the names."),
  ])

  private static let head = Shape.section([
    .init("clone_of", .scalar(.name), "The head that this one is installed from."),
    .init("nics", .named(.name, nic), required: true, "Its network cards, by the kernel's names."),
    .init("bmc", bmc, "Its power switch."),
    .init("wipe", .scalar(.flag), "Whether the installer may overwrite a disk that is not empty."),
  ])

  private static let image = Shape.section([
    .init("release", .scalar(.release), required: true, "The distribution: debian/bookworm."),
    .init("kernel", .scalar(.package), required: true, "The kernel's package: linux-image-amd64."),
    .init("install", .list(.scalar(.package), minimum: 0), "Distribution packages."),
    .init("files", .scalar(.path), "A folder beside this file, laid over the root."),
    .init("run", .list(.scalar(.path), minimum: 0), "Programs beside this file, run inside at the end."),
  ])

  private static let nodes = Shape.section([
    .init("names", .scalar(.hostlist), required: true, "A hostlist: node[001-064]."),
    .init("image", .scalar(.name), required: true, "The image they run."),
    .init("boot", .scalar(.choice(ComputeNode.Boot.allCases.map(\.rawValue))), "How they boot: stateless."),
    .init("nics", .named(.name, nic), required: true, "Their network cards, by the kernel's names."),
    .init("bmc", bmc, "Their power switches."),
  ])

  private static let ha = Shape.section([
    .init("addresses", .named(.name, .scalar(.address)), required: true, "Service addresses, by network."),
    .init(
      "services", .list(.scalar(.choice(HighAvailabilityPolicy.Service.allCases.map(\.rawValue))), minimum: 1),
      required: true, "What moves with them: dhcp, dns, boot."),
    .init(
      "monitor",
      .section([
        .init("every", .scalar(.duration), "The time between two checks: 3s."),
        .init("timeout", .scalar(.duration), "How long a check may take: 10s."),
        .init("restarts", .scalar(.integer(0...100)), "Restarts on the same head before the service moves."),
      ]), "How services are watched."),
    .init(
      "failback", .scalar(.choice(HighAvailabilityPolicy.Failback.allCases.map(\.rawValue))),
      "Whether services return by themselves: manual, automatic, never."),
    .init(
      "heartbeat",
      .section([
        .init("links", .list(.scalar(.name), minimum: 1), required: true, "Networks, the preferred one first."),
        .init("detect", .scalar(.duration), "When a silent head counts as lost: 1s."),
      ]), required: true, "How the heads hear each other."),
    .init(
      "fencing", .section([.init("via", .scalar(.choice(["bmc"])), required: true, "What switches a lost head off: bmc.")]),
      "How a lost head is kept from doing harm."),
    .init("unsafe_without_fencing", .scalar(.flag), "Go without fencing, and accept that both heads may serve at once."),
  ])

  private static let access = Shape.section([
    .init("ssh", .section([.init("user", .scalar(.text), "The account on the heads: root.")]), "How ssh logs in.")
  ])
}
