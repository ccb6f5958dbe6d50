// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// The third vote: corosync-qdevice(8) on the heads, and corosync-qnetd(8) on a node that is their witness.
///
/// Both sides know each other by certificates. Where the witness is a node of ours, they make them from a secret that
/// they share, whenever their daemon starts; where it is the site's, heads have what its tools have made.
struct WitnessParts {
  static let unit = "corosync-qdevice.service"
  /// Makes certificates: see the program itself.
  static let program = "/usr/lib/cluster/witness"
  /// Tells whether this head serves.
  static let serves = "/usr/lib/cluster/witness-serves"
  static let key = "/etc/corosync/witness.key"
  static let certificate = "/etc/corosync/witness.p12"
  static let dropIn = "/etc/systemd/system/corosync-qdevice.service.d/cluster.conf"

  let cluster: Cluster
  let policy: HighAvailabilityPolicy
  let witness: HighAvailabilityPolicy.Witness

  /// openssl(1) is on every head.
  static let package = "corosync-qdevice"

  private var secret: (path: String, ref: SecretRef) {
    witness.certificate.map { (Self.certificate, $0) } ?? (Self.key, .corosyncWitness)
  }

  func files(on head: Head, after installed: [ResourceID]) -> [Resource] {
    let (path, ref) = secret
    return [
      .secretFile(
        on: head.name, path, ref, mode: 0o400, because: "heads and witness know each other", source: witness.source,
        after: installed),
      .file(
        on: head.name, Self.program, String(decoding: PackageResources.witness, as: UTF8.self), mode: 0o755,
        because: "certificates for the witness", source: witness.source, after: installed),
      .file(
        on: head.name, Self.serves, serves(head), mode: 0o755, because: "the witness keeps the head that serves",
        source: witness.source, after: installed),
      .file(
        on: head.name, Self.dropIn, override, because: "certificates for the witness", source: witness.source,
        after: installed),
    ]
  }

  /// All that has to be in place before Corosync's device starts.
  func ids(on head: HostID) -> [ResourceID] {
    [
      SecretFileKind.id(on: head, secret.path), FileKind.id(on: head, Self.program), FileKind.id(on: head, Self.serves),
      FileKind.id(on: head, Self.dropIn),
    ]
  }

  func unit(on head: HostID, after: [ResourceID]) -> Resource {
    .unit(
      on: head,
      .init(
        UnitGoal(
          name: Self.unit, enabled: true, active: true, configuration: [Self.dropIn, secret.path], reload: .restart),
        watches: [FileKind.id(on: head, Self.dropIn), SecretFileKind.id(on: head, secret.path)]),
      because: "the witness's vote", source: witness.source, after: after)
  }

  /// The daemon reads where its witness is when it starts, so the unit says it as well.
  private var override: String {
    """
    # Written by cluster: the witness is \(witness.host), port \(witness.port).
    [Service]
    ExecStartPre=\(Self.program) head \(cluster.name)
    ExecStart=
    ExecStart=/usr/sbin/corosync-qdevice -f -S net_nss_db_dir=/run/corosync-qdevice/nssdb

    """
  }

  private func serves(_ head: Head) -> String {
    let anchor = policy.anchor(cluster)
    let card = anchor.flatMap { head.nic(on: $0.network)?.name } ?? "lo"
    return """
      #!/bin/sh
      # Written by cluster. Corosync asks when heads have lost sight of each other: whether this one has the service
      # address, on a card that works.
      [ "$(cat /sys/class/net/\(card)/carrier 2>/dev/null)" = 1 ] || exit 1
      case $(ip -oneline -4 address show dev \(card)) in *" \(anchor.map { "\($0.address)" } ?? "")/"*) exit 0 ;; esac
      exit 1

      """
  }
}
