// SPDX-License-Identifier: Apache-2.0

/// Other legal values for each key of a description, by its path in the schema: `*` stands for a name or a number. Of
/// several values at least one has to be legal where the key stands.
enum EveryKeyValues {
  static let all: [String: [String]] = [
    "/cluster": ["jura"],
    "/domain": ["jura.example.org"],
    "/timezone": ["Asia/Tokyo"],
    "/repositories/mirror": ["http://mirror.example.org/debian"],
    "/repositories/security": ["http://mirror.example.org/debian-security"],
    "/repositories/proxy": ["http://198.51.100.2:3142"],
    "/networks/*/cidr": ["198.51.100.0/25", "10.1.0.0/24", "10.2.0.0/25", "10.3.1.0/30"],
    "/networks/*/gateway": ["198.51.100.2", "10.1.255.254", "10.2.0.254", "10.3.0.1"],
    "/networks/*/dns": ["[198.51.100.3]"],
    "/networks/*/serves": ["[dns]", "[dhcp]", "[dhcp, boot]"],
    "/networks/*/dynamic": [
      "10.1.250.1-10.1.250.98", "198.51.100.90-198.51.100.99", "10.2.0.90-10.2.0.99", "10.3.9.1-10.3.9.9",
    ],
    "/heads/*/nics/*/network": ["bmc"],
    "/heads/*/nics/*/address": ["10.1.0.77", "198.51.100.77", "10.2.0.77"],
    "/heads/*/nics/*/mac": ["52:54:00:01:00:77"],
    "/heads/*/bmc/address": ["10.3.0.77"],
    "/heads/*/bmc/user": ["root"],
    "/heads/*/bmc/password": ["secret:bmc/other"],
    "/heads/*/clone_of": ["head1", "head2"],
    "/heads/*/wipe": ["true"],
    "/heads/*/disk": ["/dev/nvme1n1"],
    "/heads/*/keep": ["[/etc/munge]"],
    "/images/*/kernel": ["linux-image-cloud-amd64"],
    "/images/*/install": ["[hwloc-nox]"],
    "/images/*/files": ["images/other"],
    "/images/*/permissions": ["{ /etc/motd: root:root 0640 }"],
    "/images/*/permissions/*": ["root:adm 0600"],
    "/images/*/secrets": ["{ /etc/krb5.keytab: { from: secret:keytab } }"],
    "/images/*/secrets/*/from": ["secret:generated/other"],
    "/images/*/secrets/*/permissions": ["root:adm 0440"],
    "/images/*/run": ["[images/last.sh]"],
    "/nodes/*/names": ["\"node[001-003]\"", "login2"],
    "/nodes/*/image": ["small", "compute"],
    "/nodes/*/nics/*/network": ["public"],
    "/nodes/*/nics/*/address": ["10.1.1.2+", "10.1.2.2"],
    "/nodes/*/nics/*/mac": ["52:54:00:11:00:02+", "52:54:00:12:00:02"],
    "/nodes/*/bmc": ["{ address: 10.3.7.1, user: admin, password: secret:bmc/nodes }"],
    "/nodes/*/bmc/address": ["10.3.1.2+"],
    "/nodes/*/bmc/user": ["root"],
    "/nodes/*/bmc/password": ["secret:bmc/other"],
    "/nodes/*/state": ["out"],
    "/ha/addresses/*": ["198.51.100.77", "10.1.0.77"],
    "/ha/services/*/name": ["other"],
    "/ha/services/*/unit": ["other.service"],
    "/ha/services/*/check": ["{ tcp: 443 }"],
    "/ha/services/*/check/tcp": ["27001"],
    "/ha/services/*/check/http": ["http://10.1.0.10:8081/health"],
    "/ha/services/*/check/dns": ["alps.example.org"],
    "/ha/services/*/check/program": ["/usr/local/sbin/check-license"],
    "/ha/monitor/every": ["4s"],
    "/ha/monitor/timeout": ["20s"],
    "/ha/monitor/restarts": ["2"],
    "/ha/failback": ["automatic", "never"],
    "/ha/heartbeat/links": ["[heartbeat, private]"],
    "/ha/heartbeat/detect": ["2s"],
    "/ha/unsafe_without_fencing": ["true"],
    "/access/ssh/user": ["admin"],
    "/ntp/servers": ["[time.example.org]"],
    "/power/at_once": ["32"],
    "/power/boots": ["128"],
  ]

  /// One more entry of a table, by the table's path: its key, and values.
  static let more: [String: (key: String, values: [String])] = [
    "/heads/*/nics/+": ("eth3", ["{ network: bmc, address: 10.3.0.77 }"]),
    "/nodes/*/nics/+": (
      "ens1f0", ["{ network: bmc, address: 10.3.7.1+ }", "{ network: bmc, address: 10.3.7.1 }"]
    ),
    "/ha/addresses/+": ("heartbeat", ["10.2.0.77"]),
  ]
}
