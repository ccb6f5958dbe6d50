// SPDX-License-Identifier: Apache-2.0
import ClusterModel

/// corosync.conf(5) for all heads: encrypted knet over every heartbeat link, the first one preferred.
struct CorosyncConfiguration {
  static let path = "/etc/corosync/corosync.conf"
  static let keyPath = "/etc/corosync/authkey"
  static let key = SecretRef("corosync/authkey")

  /// The UDP port of a heartbeat link: knet's own, one after the other.
  static func port(ofLink number: Int) -> Int { 5405 + number }

  /// From the loss of a head until the others agree on it, in milliseconds: the token, and the consensus of
  /// corosync.conf(5), which is 1.2 times as long.
  static func noticed(_ token: Int64) -> Int64 { token * 11 / 5 }

  /// For a head that the witness hears no more, in milliseconds.
  static func witnessTimeout(_ token: Int64) -> Int64 { max(3 * token, 3000) }

  let cluster: Cluster
  let policy: HighAvailabilityPolicy

  /// A number for each head that follows from its name, whatever the order in the description: who exchanges two lines
  /// must not renumber a cluster that runs.
  ///
  /// A name that ends with a number has that one. Where this gives two heads one number, they are counted by name.
  static func nodeids(_ names: [HostID]) -> [HostID: UInt32] {
    let ending = names.compactMap { name -> (HostID, UInt32)? in
      let digits = name.name.reversed().prefix { $0.isASCII && $0.isNumber }
      return UInt32(String(digits.reversed())).flatMap { (1...65_535).contains($0) ? (name, $0) : nil }
    }
    if Set(ending.map(\.1)).count == names.count { return Dictionary(uniqueKeysWithValues: ending) }
    return Dictionary(uniqueKeysWithValues: names.sorted().enumerated().map { ($1, UInt32($0 + 1)) })
  }

  var text: String {
    let links = policy.heartbeat.links
    var lines = [
      "# Written by cluster, from ha.heartbeat and the heads' addresses.",
      "totem {",
      "    version: 2",
      "    cluster_name: \(cluster.name)",
      "    transport: knet",
      "    link_mode: passive",
      "    crypto_cipher: aes256",
      "    crypto_hash: sha256",
      // knet's own link timeout follows from the token.
      "    token: \(policy.heartbeat.detect.milliseconds)",
      // How often a cluster looks for a part of itself that it has lost. Nobody waits for it.
      "    merge: \(policy.heartbeat.detect.milliseconds)",
    ]
    for (number, network) in links.enumerated() {
      lines += [
        "    # \(network)",
        "    interface {",
        "        linknumber: \(number)",
        "        knet_link_priority: \(links.count - number)",
        "    }",
      ]
    }
    lines += ["}", "nodelist {"]
    let numbers = Self.nodeids(cluster.heads.map(\.name))
    for head in cluster.heads {
      lines += ["    node {", "        name: \(head.name)", "        nodeid: \(numbers[head.name] ?? 0)"]
      for (number, network) in links.enumerated() {
        guard let nic = head.nic(on: network) else { continue }
        lines.append("        ring\(number)_addr: \(nic.address)")
      }
      lines.append("    }")
    }
    lines += ["}", "quorum {", "    provider: corosync_votequorum"]
    if let witness = policy.witness {
      lines += device(witness)
    } else if cluster.heads.count == 2 {
      // Implies wait_for_all: a head that starts alone waits for the other one, so that a cut network cannot make two.
      lines.append("    two_node: 1")
    } else {
      // The majority goes on. Of the last two each may go on alone once the third is known to be off: `LastHeads`.
      lines.append("    wait_for_all: 1")
    }
    lines += ["}", "logging {", "    to_syslog: yes", "    to_stderr: no", "    to_logfile: no", "}", ""]
    return lines.joined(separator: "\n")
  }

  /// corosync-qdevice(8). The witness waits for a head that it still takes for connected, so the time that it gives
  /// a head to say that it lives is part of each failover: 1.2 times `timeout`. Heads wait for its word for
  /// `sync_timeout`, and those that serve go on meanwhile.
  private func device(_ witness: HighAvailabilityPolicy.Witness) -> [String] {
    let detect = policy.heartbeat.detect.milliseconds
    return [
      "    device {", "        model: net", "        votes: 1", "        timeout: \(Self.witnessTimeout(detect))",
      "        sync_timeout: \(max(10 * detect, 10_000))", "        net {", "            host: \(witness.host)",
      "            port: \(witness.port)", "            tls: required", "            algorithm: ffsplit",
      "        }",
      // Both heads being alive, the one that serves goes on.
      "        heuristics {", "            mode: sync", "            exec_serves: \(WitnessParts.serves)",
      "        }", "    }",
    ]
  }
}

extension Duration {
  var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
