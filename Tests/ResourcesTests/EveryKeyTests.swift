// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics
import Foundation
import Planning
import SpecReading
import TestKit
import Testing
import Wings

/// Nothing that is written in a description is ignored: each key, given another legal value in a large example, changes
/// what is wanted of the machines, a step or a limit of the run, or is refused by name.
@Suite struct EveryKeyTests {
  private typealias Path = [Described.Part]

  /// Refusals that say that a key has no use where it stands.
  private static let refusals: Set<String> = [
    "spec.no-effect", "spec.not-a-clone", "spec.bad-nat", "spec.bad-relay", "spec.made-interface",
    "spec.serves-without-head", "spec.ipv6-not-public",
    "spec.dynamic-without-dhcp",
    "spec.clone-of-itself",
    "spec.clone-of-clone", "spec.two-gateways", "spec.service-check", "spec.bad-partition",
    "spec.fencing-contradiction", "spec.state-kind",
  ]
  /// Keys that other values are checked against: a value that does not fit the others is refused.
  private static let checked: Set<String> = [
    "/networks/*/cidr", "/networks/*/gateway", "/heads/*/nics/*/network", "/nodes/*/nics/*/network",
    "/nodes/*/nics/*/bond", "/nodes/*/boot", "/nodes/*/disks", "/nodes/*/root", "networks/private/serves",
    "networks/public/serves",
    "nodes/1/bmc", "/ha/state/replicated/by",
    "/ha/services/*/name",
  ]

  @Test func changesSomethingOrIsRefused() async throws {
    let schema = try #require(
      try JSONSerialization.jsonObject(with: Data(SpecReader.schema(WingCatalog.keys).utf8)) as? [String: Any])
    let replicated = try #require(Self.example.with(Self.replicated, at: [.key("ha"), .key("state")]))
    var reached: Set<String> = []
    let plain = Self.example.with(Described("plain"), at: [.key("boot")])
    let disk = plain?.with(Described("disk"), at: [.key("nodes"), .item(0), .key("boot")])
    let installed = try #require(disk?.with(Self.root, at: [.key("nodes"), .item(0), .key("root")]))
    for (example, part) in [(Self.example, ""), (replicated, "/ha/state"), (installed, "/nodes/*/root")] {
      var places = Places()
      places.visit(example, schema, [], "")
      places.paths.removeAll { !$0.kind.hasPrefix(part) }
      reached.formUnion(places.kinds)
      #expect(places.paths.count > (part.isEmpty ? 100 : 2))

      let (before, problems) = try await effects(of: example)
      let unchanged = try #require(before, "\(problems.map(\.detail))")
      for (path, kind) in places.paths {
        guard let values = EveryKeyValues.all[kind] ?? EveryKeyValues.more[kind]?.values else {
          Issue.record("EveryKeyValues has no other values for \(kind)")
          continue
        }
        try await tryValues(values, at: path, kind, of: example, unchanged)
      }
    }
    let unused = Set(EveryKeyValues.all.keys).union(EveryKeyValues.more.keys).subtracting(reached)
    #expect(unused.isEmpty, "values for keys that the examples do not reach: \(unused.sorted())")
  }

  private func tryValues(
    _ values: [String], at path: Path, _ kind: String, of example: Described, _ unchanged: String
  ) async throws {
    var refused: [String] = []
    var counted = false
    for value in values {
      let changed = try #require(example.with(Described(value), at: path[...]))
      guard changed.written.text != example.written.text else { continue }
      let (after, problems) = try await effects(of: changed)
      let lines = [changed.written.lines[path], changed.written.lines[Array(path.dropLast())]]
      if let after {
        #expect(after != unchanged, "\(name(path)): \(value) is accepted, and changes nothing")
        counted = true
      } else if problems.contains(where: { Self.refusals.contains($0.code.id) && lines.contains($0.span.line) })
        || Self.checked.contains(kind) || Self.checked.contains(name(path))
      {
        counted = true
      }
      refused += problems.map(\.detail)
    }
    #expect(counted, "\(name(path)): no value of \(values) tells anything: \(refused)")
  }

  private func name(_ path: Path) -> String {
    path.map { part in
      switch part {
      case .key(let key): key
      case .item(let number): "\(number)"
      }
    }.joined(separator: "/")
  }

  /// All that a description brings about: what is wanted, the steps to it on machines that have nothing, and the widths
  /// of queues. Nil: it is refused, and why.
  private func effects(of described: Described) async throws -> (String?, [Diagnostic]) {
    let (text, _) = described.written
    let reading = SpecReader.read(Array(text.utf8), file: "cluster.yaml", keys: WingCatalog.keys)
    guard var cluster = reading.cluster else { return (nil, reading.diagnostics) }
    let (sets, mistakes) = SpecReader.sets(cluster, Self.files)
    guard mistakes.isEmpty else { return (nil, mistakes) }
    cluster.adopt(sets)
    let (extra, unfit) = SpecReader.keys(of: cluster, Self.files)
    guard unfit.isEmpty else { return (nil, unfit) }
    cluster.repositories.extra = extra
    let problems = WingCatalog.all.flatMap { $0.problems(cluster) }.filter { $0.severity == .error }
    guard problems.isEmpty else { return (nil, problems) }
    let site = try SimulatedSite(text)
    site.siteFiles = Self.files
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var parts: [String] = []
    for resource in Expansion.expand(cluster, Self.files) {
      parts.append("\(resource.id) " + String(decoding: try encoder.encode(resource.desired), as: UTF8.self))
    }
    for step in try await site.plan().steps {
      let operation = String(decoding: try encoder.encode(step.operation), as: UTF8.self)
      parts.append("\(step.id) \(operation) \(step.disruption) \(step.destructive)")
      if let place = step.place { parts.append(String(decoding: try encoder.encode(place), as: UTF8.self)) }
    }
    parts += WingCatalog.lanes(of: cluster).sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    return (parts.joined(separator: "\n"), [])
  }

  /// The places of a description where a key stands, or could stand by the schema.
  private struct Places {
    var paths: [(path: Path, kind: String)] = []
    var kinds: Set<String> = []

    /// - Parameter kind: the path with `*` for every name and number.
    mutating func visit(_ value: Described?, _ schema: [String: Any], _ path: Path, _ kind: String) {
      guard case .table(let entries)? = value else { return }
      if let properties = schema["properties"] as? [String: [String: Any]] {
        for (key, schema) in properties.sorted(by: { $0.key < $1.key }) {
          let present = entries.first { $0.key == key }?.value
          add(present, schema, path + [.key(key)], kind + "/" + key)
        }
      } else if let each = schema["additionalProperties"] as? [String: Any] {
        for (key, value) in entries { add(value, each, path + [.key(key)], kind + "/*") }
        if let (key, _) = EveryKeyValues.more[kind + "/+"] { note(path + [.key(key)], kind + "/+") }
      }
    }

    private mutating func add(_ value: Described?, _ schema: [String: Any], _ path: Path, _ kind: String) {
      if let value, case .list(let items) = value, let each = schema["items"] as? [String: Any] {
        let choices = (each["anyOf"] as? [[String: Any]]) ?? [each]
        for (number, item) in items.enumerated() {
          guard let schema = choices.first(where: { $0["properties"] != nil }) else { continue }
          visit(item, schema, path + [.item(number)], kind + "/*")
        }
        if choices.contains(where: { $0["properties"] != nil }), EveryKeyValues.all[kind] == nil { return }
      } else if let value, schema["properties"] != nil || schema["additionalProperties"] is [String: Any] {
        return visit(value, schema, path, kind)
      }
      // A key with a single choice has no other value.
      if schema["const"] != nil || (schema["enum"] as? [Any])?.count == 1 { return }
      note(path, kind)
    }

    private mutating func note(_ path: Path, _ kind: String) {
      paths.append((path, kind))
      kinds.insert(kind)
    }
  }

  private static let files: SiteFiles = {
    var files = filesBeside
    for (number, path) in ["images/small.oci", "images/base.oci", "/srv/images/base.oci"].enumerated() {
      let blobs = (0..<3).map { OCIImage.Blob(digest: SHA256.hex("\(number) \($0)"), size: 1000) }
      files.oci[path] = OCIImage(path: path, manifest: blobs[0], contents: Array(blobs[1...]))
    }
    return files
  }()
  private static let filesBeside = SiteFiles(files: [
    "keys/vendor.asc": .init(contents: .text(SampleKeys.vendor), executable: false),
    "keys/other.asc": .init(contents: .text(SampleKeys.other), executable: false),
    "images/compute/etc/motd": .init(contents: .text("A compute node.\n"), executable: false),
    "images/other/etc/issue": .init(contents: .text("Another one.\n"), executable: false),
    "images/finish.sh": .init(contents: .text("#!/bin/sh\ntrue\n"), executable: true),
    "images/last.sh": .init(contents: .text("#!/bin/sh\nfalse\n"), executable: true),
    "packages/metrics/set.yaml": .init(
      contents: .text(
        """
        summary: Metrics.
        settings:
          port: { type: number, default: 9100, doc: A port. }
          cores: { type: number, per: node, default: 1, doc: Cores of a node. }
          disks: { type: number, per: node, default: 1, doc: Disks of a node. }
        heads:
          packages: [prometheus]
          files: heads
          units: [prometheus.service]
          services: { store: { unit: store.service, state: true } }

        """), executable: false),
    "packages/motd/set.yaml": .init(
      contents: .text(
        "summary: Words.\nsettings: { port: { type: number, default: 1, doc: A port. } }\nnodes: { files: nodes }\n"),
      executable: false),
    "packages/motd/nodes/etc/motd.d/words.j2": .init(contents: .text("Hello {{ set.port }}.\n"), executable: false),
    "packages/hello/set.yaml": .init(
      contents: .text(
        "summary: Words.\nsettings: { port: { type: number, default: 1, doc: A port. } }\nnodes: { files: nodes }\n"),
      executable: false),
    "packages/hello/nodes/etc/hello.j2": .init(contents: .text("{{ set.port }}\n"), executable: false),
    "packages/metrics/heads/etc/prometheus.yml.j2": .init(
      contents: .text(
        "port: {{ set.port }}\n{% for node in cluster.nodes %}{{ node.set.cores }} {{ node.set.disks }}\n{% endfor %}"),
      executable: false),
  ])

  /// The other way to keep the state of services.
  private static let replicated = Described(
    """
    { replicated: { path: /srv/state, over: heartbeat, by: drbd, disks: { head1: /dev/sdb, head2: /dev/vg/state } } }
    """)

  /// The disk of nodes that run from one.
  private static let root = Described("{ device: \"serial:S64FNE0R\", wipe: never, install: 1 }")

  /// Two heads on six networks, two groups of nodes, and every key that the format has, or room for it.
  private static let example = Described(
    """
    {
      version: 1, cluster: alps, domain: alps.example.org, timezone: Europe/Zurich, boot: signed,
      repositories: { mirror: http://deb.example.org/debian, proxy: http://198.51.100.1:3142,
        as_of: 2026-11-01, extra: [
          { uri: https://packages.example.org/cuda, suite: bookworm, components: [main], key: keys/vendor.asc,
            images: [small], heads: false },
        ] },
      networks: {
        public: { cidr: 198.51.100.0/24, gateway: 198.51.100.1, dns: [198.51.100.1],
          ipv6: { cidr: "2001:db8:1::/64", gateway: "2001:db8:1::1" } },
        private: { cidr: 10.1.0.0/16, serves: [dhcp, dns, boot], dynamic: 10.1.250.1-10.1.250.99 },
        heartbeat: { cidr: 10.2.0.0/24 },
        bmc: { cidr: 10.3.0.0/16 },
        storage: { cidr: 10.4.0.0/24, mtu: 9000, routes: [{ to: 10.5.0.0/16, via: 10.4.0.254 }] },
        campus: { cidr: 10.6.0.0/24 },
      },
      heads: {
        head1: {
          nics: {
            eth0: { network: private, address: 10.1.0.1, mac: 52:54:00:01:00:01 },
            eth1: { network: public, address: 198.51.100.11, ipv6: "2001:db8:1::11" },
            eth2: { network: heartbeat, address: 10.2.0.1 },
            bond0: { network: storage, address: 10.4.0.1, bond: { of: [eth3, eth4], mode: 802.3ad } },
            campus0: { network: campus, address: 10.6.0.1, vlan: 30, link: eth1 },
          },
          bmc: { address: 10.3.0.1, protocol: ipmi, user: admin, password: secret:bmc/head1 },
          fencing: [
            bmc,
            { agent: fence_apc_snmp, parameters: { ip: 10.3.0.9, plug: 1 }, secrets: { password: secret:pdu } },
          ],
        },
        head2: {
          clone_of: head1,
          nics: {
            eth0: { network: private, address: 10.1.0.2, mac: 52:54:00:01:00:02 },
            eth1: { network: public, address: 198.51.100.12, ipv6: "2001:db8:1::12" },
            eth2: { network: heartbeat, address: 10.2.0.2 },
            bond0: { network: storage, address: 10.4.0.2, bond: { of: [eth3, eth4], mode: 802.3ad } },
            eth1.30: { network: campus, address: 10.6.0.2 },
          },
          bmc: { address: 10.3.0.2, protocol: ipmi, user: admin, password: secret:bmc/head2 },
        },
      },
      images: {
        compute: {
          release: debian/bookworm, kernel: linux-image-amd64, install: [numactl], files: images/compute,
          run: [images/finish.sh], permissions: { /etc/motd: root:root 0600 },
          secrets: { /etc/munge/munge.key: { from: secret:generated/munge, permissions: root:adm 0400 } },
          disks: [{ device: nvme, wipe: once, partitions: [
            { label: scratch, size: 1TiB, format: ext4, mount: /scratch, options: noatime, permissions: root:root 1777 },
            { label: swap, format: swap },
          ] }],
        },
        small: {
          release: debian/bookworm, oci: images/small.oci, kernel: linux-image-amd64,
          packages: { metrics: { disks: 2 } }, without: [hello],
        },
      },
      nodes: [
        {
          names: "node[001-004]", image: compute, boot: stateless,
          nics: {
            eth0: { network: private, address: 10.1.1.1+, mac: 52:54:00:11:00:01+ },
            ens1f0: { network: storage, address: 10.4.0.11+, mac: 52:54:00:14:00:01+ },
          },
          bmc: { address: 10.3.1.1+, protocol: ipmi, user: admin, password: secret:bmc/nodes },
          packages: { metrics: { cores: 8 } },
        },
        {
          names: login, image: small,
          nics: { eth0: { network: private, address: 10.1.2.1, mac: 52:54:00:12:00:01 } },
          disks: [{ device: /dev/disk/by-path/pci-0000:01:00.0-nvme-1, partitions: [
            { label: data, format: xfs, mount: /data },
          ] }],
          power: {
            agent: fence_apc_snmp, parameters: { ip: 10.3.0.9, plug: 4 }, secrets: { community: secret:pdu },
          },
        },
      ],
      ha: {
        addresses: { public: 198.51.100.10, private: 10.1.0.10 }, ipv6: { public: "2001:db8:1::10" },
        services: [
          dhcp, dns, boot, { name: license, unit: flexlm.service, check: { tcp: 27000 } },
          { name: page, unit: page.service, check: { http: http://10.1.0.10:8080/health } },
          { name: names, unit: names.service, check: { dns: jura.example.org } },
          { name: solver, unit: solver.service, check: { program: /usr/local/sbin/check-solver } },
          { name: plain, unit: plain.service },
        ],
        monitor: { every: 3s, timeout: 10s, restarts: 3 }, failback: manual,
        heartbeat: { links: [private, heartbeat], detect: 1s }, fencing: { via: bmc },
        state: { shared: /srv/state, mount: { from: "nas:/state", type: nfs4, options: hard } },
        witness: { host: 192.0.2.40, port: 5403, certificate: secret:witness/heads },
        spread: { solvers: { head: head2, services: [solver, page], address: 10.1.0.20 } },
      },
      hosts: { 192.0.2.60: [ldap] }, search: [chem.example.org],
      ntp: { servers: [ntp.example.org] }, firewall: { open: [{ tcp: 443, udp: 443, from: any }] },
      packages: { metrics: { port: 9101 }, motd: {}, hello: {} }, power: { at_once: 64, boots: 256 }, access: { ssh: { user: root } },
    }
    """)
}
