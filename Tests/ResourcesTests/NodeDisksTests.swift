// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Testing

@testable import Wings

/// What nodes are told of their disks.
struct NodeDisksTests {
  private static let spec = """
    version: 1
    cluster: alps
    domain: alps.example.org
    networks:
      private: { cidr: 10.1.0.0/16, serves: [dhcp, dns, boot] }
    heads:
      head1: { nics: { eth0: { network: private, address: 10.1.0.1, mac: 52:54:00:01:00:01 } } }
    images:
      compute:
        release: debian/bookworm
        disks:
          - device: "model:ACME 1 TB"
            partitions:
              - { label: scratch, size: 1GiB, format: xfs, mount: /scratch, permissions: root:root 1777 }
              - { label: swap, format: swap }
      plain: { release: debian/bookworm }
    nodes:
      - names: node[001-002]
        image: compute
        nics: { eth0: { network: private, address: 10.1.1.1+, mac: 52:54:00:11:00:01+ } }
      - names: login
        image: compute
        disks: [{ device: nvme, wipe: once, partitions: [{ label: scratch, format: ext4, mount: /local }] }]
        nics: { eth0: { network: private, address: 10.1.2.1, mac: 52:54:00:12:00:01 } }
      - names: plain
        image: plain
        nics: { eth0: { network: private, address: 10.1.3.1, mac: 52:54:00:13:00:01 } }

    """

  private func cluster() throws -> Cluster { try SimulatedSite.read(Self.spec) }

  @Test func eachNodeHasItsGroupsOrItsImages() throws {
    let cluster = try cluster()
    let files = NodeDisks.liveFiles(cluster).own
    #expect(Set(files.keys) == ["node001", "node002", "login"])
    let id = NodeDisks.tableID(cluster.nodes[0].disks[0], of: cluster.nodes[0], in: cluster)
    #expect(
      NodeDisks.text(cluster.nodes[0], cluster) == """
        disks 1
        disk \(id) never model:ACME%201%20TB
        partition scratch 1024 xfs /scratch noatime,nodev,nosuid root:root 1777
        partition swap rest swap - - - -
        end

        """)
    #expect(NodeDisks.text(cluster.nodes[2], cluster).contains(" once nvme\n"))
    let added = try #require(NodeDisks.contributions(cluster).first)
    #expect(added.images == ["compute"] && added.packages == ["xfsprogs"])
  }

  /// Another node, cluster or domain has other disks; a better rule for the same disk has the same.
  @Test func theIDIsTheNodesOwn() throws {
    var cluster = try cluster()
    let (first, second) = (cluster.nodes[0], cluster.nodes[1])
    var disk = first.disks[0]
    let id = NodeDisks.tableID(disk, of: first, in: cluster)
    #expect(id.wholeMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}/) != nil, "\(id)")
    #expect(NodeDisks.tableID(disk, of: second, in: cluster) != id)
    disk.device = .onlyNVMe
    disk.wipe = .once
    #expect(NodeDisks.tableID(disk, of: first, in: cluster) == id)
    disk.partitions[0].label = "other"
    #expect(NodeDisks.tableID(disk, of: first, in: cluster) != id)
    cluster.name = "jura"
    #expect(NodeDisks.tableID(first.disks[0], of: first, in: cluster) != id)
  }

  @Test func plansSayWhatMayBeDestroyed() throws {
    let notes = NodeDisks.notes(try cluster(), Inventory(hosts: [:], observedAt: 0))
    #expect(notes.count == 1)
    let note = try #require(notes.first)
    #expect(note.hasPrefix("`wipe: once`: login will destroy whatever else is on the only NVMe disk and make scratch"))
  }

  /// A node is not ready before its disks are there, and its own checks come with what to do.
  @Test func aNodeChecksItsDisks() throws {
    let cluster = try cluster()
    let checks = ReadyChecks(cluster)
    #expect(Set(checks.lists.keys) == ["node001", "node002", "login"])
    #expect(checks.lists["node001"] == checks.lists["login"], "the check is the same, the disks are not")
    #expect(checks.advice?["disks/mounted"]?.contains("wipe: once") == true)
    let list = try #require(checks.lists["node001"]?.files.last)
    let lines = String(decoding: list.contents.bytes, as: UTF8.self).split(separator: "\n").dropFirst().map(String.init)
    #expect(lines == ["check disks/mounted 10 0 ", "word /usr/lib/cluster/disks", "word check", "end"])
  }
}
