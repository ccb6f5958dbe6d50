// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import SpecReading
import Testing
import Wings

/// Words as administrators write them, by habit or from other tools: each is taken for what it means, or refused with
/// advice that works when it is followed.
@Suite struct SiteWordsTests {
  private static func site(
    network: String = "", public: String = "", names: String = "node[01-02]", nics: String = "",
    address: String = "10.141.0.1+", image: String = "", group: String = "", head: String = "head1", more: String = "",
    resolver: String = "192.0.2.53"
  ) -> String {
    """
    version: 1
    cluster: tarn
    domain: tarn.example.org
    networks:
      private: { cidr: 10.141.0.0/16, serves: [dhcp, dns, boot]\(network) }
      public: { cidr: 192.0.2.0/24, gateway: 192.0.2.1, dns: [\(resolver)]\(`public`) }
    heads:
      \(head):
        nics:
          eno1: { network: private, address: 10.141.255.254 }
          eno2: { network: public, address: 192.0.2.11 }
    images:
      compute: { release: debian/bookworm\(image) }
    nodes:
      - names: \(names)
        image: compute
        nics:
          eno1: { network: private, address: \(address), mac: 0c:42:a1:00:00:01+ }
    \(nics)
    \(group)
    \(more)

    """
  }

  private static func read(_ text: String) -> (errors: [String], cluster: Cluster?) {
    var reading = SpecReader.read(Array(text.utf8), file: "s", keys: WingCatalog.keys)
    if let cluster = reading.cluster { reading.add(WingCatalog.problems(of: cluster)) }
    let errors = reading.diagnostics.filter { $0.severity == .error }
    return (errors.map { "\($0.detail) \($0.help)" }, reading.cluster)
  }

  /// What is written, what is said of it, and what the advice makes of it: nothing more is said then.
  private static let words: [(wrong: String, said: String, right: String)] = [
    // A comma between brackets ends the argument.
    (
      site(image: ", kernel_args: [quiet, console=ttyS1,115200]"), "\"console=ttyS1,115200\"",
      site(image: ", kernel_args: [quiet, \"console=ttyS1,115200\"]")
    ),
    (
      site(image: ", kernel_args: [isolcpus=1-3,5,7-9, nosmt]"), "\"isolcpus=1-3,5,7-9\"",
      site(image: ", kernel_args: [\"isolcpus=1-3,5,7-9\", nosmt]")
    ),
    (
      site(image: ", kernel_args: quiet console=ttyS1"), "quotes around those with a comma",
      site(image: ", kernel_args: [quiet, console=ttyS1]")
    ),
    (
      site(image: ", disks: [{ device: nvme, partitions: [{ label: s, format: xfs, mount: /s, options: a,b,c }] }]"),
      "\"a,b,c\"",
      site(
        image: ", disks: [{ device: nvme, partitions: [{ label: s, format: xfs, mount: /s, options: \"a,b,c\" }] }]")
    ),
    // Names that stand for something else.
    (site(names: "\"[001-010]\""), "is a number, and programs take it for an address", site(names: "\"n[001-010]\"")),
    (site(names: "node1-node9"), "`node[1-9]`", site(names: "node[1-9]")),
    (site(names: "node01-node10"), "`node[01-10]`", site(names: "node[01-10]")),
    (site(names: "[node01, node02]"), "as one text", site(names: "\"node01,node02\"")),
    (site(head: "localhost"), "every machine's name for itself", site(head: "login")),
    (
      site(more: "hosts: { 192.0.2.60: [localhost] }"), "every machine's name", site(more: "hosts: { 192.0.2.60: [a] }")
    ),
    (
      site(more: "hosts: { 192.0.2.60: [192.0.2.61] }"), "is an address, and stands where names are",
      site(more: "hosts: { 192.0.2.61: [a] }")
    ),
    (site(more: "hosts: { 192.0.2.060: [a] }"), "without leading zeros", site(more: "hosts: { 192.0.2.60: [a] }")),
    // Nothing, in other words.
    (site(more: "timezone: null"), "`timezone` has no value", site()),
    (site(more: "repositories: { proxy: none }"), "remove the key", site(more: "repositories: {}")),
    (site(group: "    bmc: none"), "remove the key", site()),
    (site(network: ", gateway: ~"), "has no value", site()),
    (site(more: "timezone: europe/zurich"), "begin with capitals", site(more: "timezone: Europe/Zurich")),
    // What the heads would ask themselves.
    (site(network: ", dns: [10.141.255.254]"), "The heads would ask themselves", site()),
    (
      site(more: "ntp: { servers: [192.0.2.123, head1.tarn.example.org] }"), "what time it is",
      site(more: "ntp: { servers: [192.0.2.123] }")
    ),
    (
      site(more: "search: [example.org, tarn.example.org]"), "the cluster's own domain",
      site(more: "search: [example.org]")
    ),
    // Addresses that DHCP would give to others.
    (
      site(
        network: ", dynamic: 10.141.3.1-10.141.3.99",
        group: "    bmc: { address: 10.141.3.1+, user: a, password: secret:b }"), "the BMC of `node01`",
      site(
        network: ", dynamic: 10.141.3.1-10.141.3.99",
        group: "    bmc: { address: 10.141.4.1+, user: a, password: secret:b }")
    ),
    (
      site(network: ", dynamic: 10.141.3.1-10.141.3.99", more: "hosts: { 10.141.3.9: [switch1] }"),
      "the address of `switch1`",
      site(network: ", dynamic: 10.141.3.1-10.141.3.99", more: "hosts: { 10.141.4.9: [switch1] }")
    ),
    // The heads are the router.
    (site(network: ", gateway: 10.141.255.254"), "`nat: true`", site(network: ", nat: true")),
    // A node boots by one card.
    (
      site(nics: "      eno2: { network: private, address: 10.141.1.1+ }"), "Put one of them on another network.",
      site(nics: "      eno2: { network: public, address: 192.0.2.101+ }")
    ),
    (
      site(
        names: String(repeating: "n", count: 58) + "[1-2]",
        nics: "      eno2: { network: public, address: 192.0.2.101+ }"), "is 66 characters long",
      site(
        names: String(repeating: "n", count: 55) + "[1-2]",
        nics: "      eno2: { network: public, address: 192.0.2.101+ }")
    ),
    // One word of a line for the program that reads it.
    (
      site(image: ", disks: [{ device: nvme, partitions: [{ label: s, format: xfs, mount: /my scratch }] }]"),
      "one word to every program",
      site(image: ", disks: [{ device: nvme, partitions: [{ label: s, format: xfs, mount: /my-scratch }] }]")
    ),
  ]

  @Test(arguments: words)
  func isToldAndMendedByTheAdvice(_ words: (wrong: String, said: String, right: String)) {
    let (errors, _) = Self.read(words.wrong)
    #expect(errors.count == 1, "\(errors)")
    #expect(errors.first?.contains(words.said) == true, "\(errors)")
    #expect(Self.read(words.right).errors == [])
  }

  /// These are what they look like.
  @Test(arguments: [
    site(names: "a03n[16-17]"), site(names: "c1-b2"), site(names: "rack1-n[1-2]"),
    site(names: "0xen[1-2]"),
    site(image: ", kernel_args: [a=1, quiet,nosmt]"),
    site(image: ", permissions: { /etc/x: root:Debian-exim 0640, /srv/y: \"1000:65000 2775\" }"),
    site(more: "firewall: { open: [{ tcp: \"8000-8010\", from: any }] }"),
    site(more: "timezone: America/Argentina/Buenos_Aires"), site(more: "timezone: Etc/GMT+5"),
    site(resolver: "192.0.2.53, 192.0.2.11"),
  ])
  func isTaken(_ text: String) { #expect(Self.read(text).errors == []) }

  /// What an alias or the group of a table says would be the same for each machine.
  @Test func aliasesAndTablesAreToldApart() throws {
    let alias = """
            eno1: &nic { network: private, address: 10.141.1.1+, mac: 0c:42:a1:00:01:01+ }
        - names: gpu[1-2]
          image: compute
          nics: { eno1: *nic }
      """
    let spec = Self.site(names: "n1").replacing(
      "      eno1: { network: private, address: 10.141.0.1+, mac: 0c:42:a1:00:00:01+ }", with: alias)
    let (errors, _) = Self.read(spec)
    #expect(errors.count == 2 && errors.allSatisfy { $0.contains("An alias (`*name`) repeats") }, "\(errors)")

    let table = Self.site().replacing("names: node[01-02]", with: "table: nodes.csv")
    let reading = SpecReader.read(
      Array(table.utf8), file: "s", keys: WingCatalog.keys, tables: ["nodes.csv": Array("name\na\nb\n".utf8)])
    let helps = reading.diagnostics.map(\.help)
    #expect(helps.count == 2 && helps.allSatisfy { $0.contains("give the table a column") }, "\(helps)")
  }

  /// What is only likely is shown, and not written by `validate --fix`.
  @Test(arguments: [
    site(image: ", kernel_args: [pci=noaer,nomsi]"), site(names: "node1-node9"),
    site(more: "repositories: { proxy: none }"), site(more: "timezone: europe/zurich"),
    site(image: ", disks: [{ device: nvme, partitions: [{ label: s, size: 64G, format: swap }] }]"),
    site(image: ", permissions: { /etc/x: 0644 }"),
  ])
  func guessesAreNotWritten(_ text: String) {
    let (bytes, fixes) = CertainFixes.write(into: Array(text.utf8), file: "s", keys: WingCatalog.keys)
    #expect(String(decoding: bytes, as: UTF8.self) == text && fixes.isEmpty)
  }

  @Test func whatIsCertainIsWritten() {
    for (wrong, right) in [
      ("names: [login1, login2]", "names: \"login1,login2\""), ("domain: Tarn.Example.org", "domain: tarn.example.org"),
      ("[console=ttyS1,115200]", "[\"console=ttyS1,115200\"]"),
    ] {
      let site = Self.site(names: "\"login1,login2\"", image: ", kernel_args: [\"console=ttyS1,115200\"]")
      let (bytes, _) = CertainFixes.write(
        into: Array(site.replacing(right, with: wrong).utf8), file: "s", keys: WingCatalog.keys)
      #expect(String(decoding: bytes, as: UTF8.self) == site)
    }
  }
}
