// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// corosync-qnetd(8) on the node that is the witness.
extension WitnessParts {
  /// For the image of the node that is the witness. Its other nodes have the package too, and no key to start it with.
  var contribution: ImageContribution? {
    guard let node = cluster.nodes.first(where: { $0.name == witness.node }) else { return nil }
    return ImageContribution(
      name: "witness", packages: ["corosync-qnetd", "openssl"],
      files: [
        String(Self.program.dropFirst()): ImagePayload.text(PackageResources.witness, executable: true),
        "etc/systemd/system/corosync-qnetd.service.d/cluster.conf": .init(.text(server)),
        "etc/systemd/system/cluster-witness.path": .init(.text(Self.path)),
      ], program: ImagePayload.text(PackageResources.witness_image, executable: true), images: [node.image],
      because: "\(node.name) is the heads' witness", source: witness.source)
  }

  var nodeSecret: NodeSecret? {
    witness.node.map { NodeSecret(node: $0, file: .init(path: Self.key, secret: .corosyncWitness, mode: 0o400)) }
  }

  private var server: String {
    """
    # Written by cluster.
    [Unit]
    ConditionPathExists=\(Self.key)
    StartLimitIntervalSec=0

    [Service]
    Restart=on-failure
    RestartSec=2
    ExecStartPre=+\(Self.program) server
    ExecStart=
    ExecStart=/usr/bin/corosync-qnetd -f -p \(witness.port) -s req -S nss_db_dir=/run/corosync-qnetd/nssdb

    """
  }

  /// The key comes with the node's identity, which may be late where no head serves.
  private static let path = """
    # Written by cluster.
    [Unit]
    Description=The key of the heads' witness

    [Path]
    PathExists=\(key)
    Unit=corosync-qnetd.service

    [Install]
    WantedBy=multi-user.target

    """
}
