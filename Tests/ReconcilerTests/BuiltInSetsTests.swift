// SPDX-License-Identifier: Apache-2.0
import BuiltInSets
import ClusterModel
import Foundation
import SpecReading
import Testing
import Wings

@testable import Reconciler

/// The sets that come with the program, all on at once.
@Suite struct BuiltInSetsTests {
  private static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized

  /// What a site has to say of them, and a login node.
  private static let packages = """
    packages:
      accounts: { passwd: accounts/passwd, group: accounts/group, keys: accounts/keys, home_mount: /home }
      accounts-ldap:
        servers: ["ldaps://ldap1.example.org", "ldaps://ldap2.example.org"]
        base: dc=example,dc=org
        user: alice
        bind_dn: cn=cluster,dc=example,dc=org
        bind_password: secret:ldap/bind
        groups: [hpc]
      login: { groups: [operators] }
      ganglia: { port: 8700 }
      nagios: { mail: [root@example.org, admin@example.org], interval: 2, port: 5700 }
      slurm:
        accounting: slurmdbd
        prolog: /usr/local/sbin/prolog
        gres_types: [gpu, licence]
        gres_devices: ["NodeName=gpu1 Name=gpu Type=a100 File=/dev/nvidia[0-3]"]

    """
  private static let login = """
      - names: login1
        image: compute
        boot: stateless
        nics:
          eth0: { network: private, address: 10.1.2.1, mac: 52:54:00:12:00:01 }
        packages: { slurm: { jobs: false }, login: { users: all } }
      - names: gpu1
        image: compute
        nics:
          eth0: { network: private, address: 10.1.2.2, mac: 52:54:00:12:00:02 }
        packages: { slurm: { gres: [gpu:a100:4, licence:1] } }

    ha:

    """

  private struct Loaded {
    var cluster: Cluster
    var resources: [Resource]
    var live: LiveFiles

    func text(_ path: String, on head: String = "head1") throws -> String {
      let file = try #require(
        resources.first { "\($0.id)" == "file@\(head):\(path)" }?.desired as? FileKind.Desired, "\(path)")
      return String(decoding: file.file.contents.bytes, as: UTF8.self)
    }

    func live(_ path: String, on node: HostID) throws -> String {
      let files = live.common + live.own[node, default: []]
      return String(decoding: try #require(files.first { $0.path == path }, "\(path)").contents.bytes, as: UTF8.self)
    }
  }

  /// One of three for /home.
  private static let otherHomes = ["home-nfs", "home-nfs-heads"]

  private func load(
    files: [String: String] = [:], _ change: (String) -> String = { $0 }
  ) throws -> Loaded {
    let specification = try specification(change, files: files)
    let cluster = try #require(specification.cluster, "\(specification.diagnostics)")
    #expect(cluster.sets.count == BuiltInSets.all.count - Self.otherHomes.count)
    return Loaded(
      cluster: cluster, resources: Expansion.expand(cluster, specification.files),
      live: PackageSets.liveFiles(cluster))
  }

  private func specification(
    _ change: (String) -> String, files: [String: String] = [:]
  ) throws -> Specification {
    let folder = FileManager.default.temporaryDirectory.appending(path: "built-in-\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.copyItem(at: Self.root.appending(path: "examples/jobs"), to: folder)
    let location = folder.appending(path: "cluster.yaml")
    var text = try String(contentsOf: location, encoding: .utf8)
    text = String(text[..<(try #require(text.range(of: "packages:\n"))).lowerBound]) + Self.packages
    for name in BuiltInSets.all.keys.sorted()
    where !Self.otherHomes.contains(name) && !Self.packages.contains("  \(name):") {
      text += "  \(name):\n"
    }
    text = text.replacing("\nha:\n", with: "\n" + Self.login)
    try Data(change(text).utf8).write(to: location)
    for (path, text) in files { try Data(text.utf8).write(to: folder.appending(path: path)) }
    return try Specification.load(location)
  }

  /// A set that is not on is told where another one needs it, and not inside of that one's checks too.
  @Test func aSetThatIsNotOnIsToldOnce() throws {
    let problems = try specification { $0.replacing("  ssh:\n", with: "") }.diagnostics.filter { $0.severity == .error }
    #expect(!problems.isEmpty && problems.allSatisfy { $0.code == .setNeed }, "\(problems.map(\.detail))")
  }

  /// `/bin/bash\r` is no shell.
  @Test func filesOfOtherEditorsHaveUnixLines() throws {
    let text = "alice:x:2001:2001::/home/alice:/bin/bash\r\nbob:x:2002:2002::/home/bob:/bin/bash\r\n"
    let loaded = try load(files: ["accounts/passwd": text])
    let passwd = try loaded.text("/etc/cluster/accounts/passwd")
    #expect(!passwd.utf8.contains(13) && passwd.contains(":/bin/bash\nbob:x:2002:2002::/home/bob:/bin/bash"))
  }

  /// Sites call their networks as they please: what a set has of one follows the description.
  @Test func networksAreThoseOfTheDescription() throws {
    let loaded = try load { $0.replacing("private", with: "mgmt") }
    let volumes = try loaded.text("/usr/lib/cluster/sets/home-gluster/volumes")
    #expect(volumes.contains("have home '10.1.0.0/16'\n"))
    let mpi = try loaded.text("/etc/openmpi/openmpi-mca-params.conf")
    #expect(mpi.contains("btl_tcp_if_include = 10.1.0.0/16\n"))

    let other = try load { $0.replacing("  openmpi:\n", with: "  openmpi: { network: public }\n") }
    #expect(try other.text("/etc/openmpi/openmpi-mca-params.conf").contains("btl_tcp_if_include = 198.51.100.0/24\n"))
    let unknown = try specification { $0.replacing("  openmpi:\n", with: "  openmpi: { network: publik }\n") }
    #expect(unknown.diagnostics.filter { $0.severity == .error }.map(\.detail) == ["There is no network `publik`."])
  }

  /// Who mounts from the service address of its own head comes from that address.
  @Test func homesInTheStateAreServedAtTheServiceAddress() throws {
    let loaded = try load { $0.replacing("  home-gluster:\n", with: "  home-nfs-heads:\n") }
    let serve = try loaded.text("/usr/lib/cluster/sets/home-nfs-heads/serve")
    #expect(serve.contains("state='/srv/state'\n") && serve.contains("for head in 10.1.0.1 10.1.0.2 10.1.0.10; do\n"))
    #expect(serve.contains("\"$state/home 10.1.0.0/16(rw,sync,no_subtree_check,root_squash,fsid=4711)\"\n"))
    let mount = try loaded.text("/usr/lib/cluster/sets/home-nfs-heads/mount")
    #expect(mount.contains("server=10.1.0.10\n") && mount.contains("\"$server:/srv/state/home\" /home "), "\(mount)")
    let services = loaded.cluster.ha?.services.map(\.name) ?? []
    #expect(services.contains("home-server"), "\(services)")
  }

  @Test func allAreReadTogether() throws {
    let loaded = try load()
    #expect(PackageSets.problems(loaded.cluster).isEmpty)
    let ports = WingCatalog.all.flatMap { $0.firewallNeeds(loaded.cluster) }
    #expect(ports.contains { $0.purpose == "ganglia" && $0.ports == [.init(.udp, 8700...8700)] })
    #expect(ports.contains { $0.purpose == "nagios" && $0.ports == [.tcp(5700)] })
    for set in loaded.cluster.sets { #expect(!set.checks.isEmpty, "\(set.name) has nothing to test it by") }
  }

  @Test func loginNodesLetEverybodyIn() throws {
    let loaded = try load()
    let compute = try loaded.live("/etc/pam.d/sshd", on: "node001")
    #expect(compute.contains("account    required     pam_slurm_adopt.so\n") && compute.contains("ingroup operators\n"))
    #expect(!compute.contains("@include common-session"))
    let login = try loaded.live("/etc/pam.d/sshd", on: "login1")
    #expect(!login.contains("pam_slurm") && login.contains("@include common-session\n"))
    let graph = try CheckGraph(CheckSelection(["login/admitted"]), loaded.cluster, activeHead: "head1")
    func machines(_ check: CheckID) -> [String] { graph.groups(of: check).flatMap(\.parts).map(\.machine.name) }
    let nodes = ["node001", "node002", "node003", "node004"]
    #expect(machines(CheckID("slurm", "task")) == nodes + ["gpu1"])
    #expect(machines(CheckID("login", "refused")) == nodes + ["login1", "gpu1"])
    let slurm = try loaded.text("/etc/slurm/slurm.conf")
    #expect(slurm.contains("PrologFlags=Alloc,Contain\nProlog=/usr/local/sbin/prolog\n"))
    #expect(slurm.contains(/NodeName=login1 .* Feature=login State=UNKNOWN/))
  }

  @Test func nodesHaveTheirGenericResources() throws {
    let loaded = try load()
    let slurm = try loaded.text("/etc/slurm/slurm.conf")
    #expect(slurm.contains("\nGresTypes=gpu,licence\n"))
    #expect(slurm.contains(/NodeName=gpu1 .* Feature=batch Gres=gpu:a100:4,licence:1 State=UNKNOWN\n/))
    #expect(slurm.contains(/NodeName=node001 .* Feature=batch State=UNKNOWN\n/))
    #expect(
      try loaded.text("/etc/slurm/gres.conf").hasSuffix("\nNodeName=gpu1 Name=gpu Type=a100 File=/dev/nvidia[0-3]\n"))
  }

  @Test func aDirectoryIsAskedWithTheSitesSecret() throws {
    let loaded = try load()
    let conf = try loaded.live("/etc/sssd/sssd.conf", on: "node001")
    for line in [
      "ldap_uri = ldaps://ldap1.example.org,ldaps://ldap2.example.org", "auth_provider = none",
      "ldap_default_bind_dn = cn=cluster,dc=example,dc=org", "simple_allow_groups = hpc",
      "ldap_tls_cacert = /etc/ssl/certs/ca-certificates.crt",
    ] { #expect(conf.contains("\n\(line)\n"), "\(line)") }
    #expect(conf == (try loaded.text("/etc/sssd/sssd.conf")) && !conf.contains("secret:"))
    let secret = loaded.resources.first { "\($0.id)" == "secret-file@head2:/etc/sssd/bind-password" }
    #expect((secret?.desired as? SecretFileKind.Desired)?.file.secret == SecretRef("ldap/bind"))
  }

  @Test func machinesAreWatchedAsDescribed() throws {
    let loaded = try load()
    let nagios = try loaded.text("/etc/nagios4/cluster.cfg")
    #expect(nagios.contains("  email                         root@example.org,admin@example.org\n"))
    #expect(nagios.contains("  host_name  node004\n") && nagios.contains("  address    10.1.2.1\n"))
    let nrpe = try loaded.live("/etc/nagios/nrpe.d/cluster.cfg", on: "node001")
    #expect(nrpe.contains("server_port=5700\nallowed_hosts=127.0.0.1,10.1.0.1,10.1.0.2\n"))
    let gmond = try loaded.live("/etc/ganglia/gmond.conf", on: "login1")
    #expect(gmond.contains("host = 10.1.0.2 port = 8700"))
    let name = try loaded.live("/etc/ganglia/conf.d/cluster-node.conf", on: "login1")
    #expect(name.contains("override_hostname = \"login1\""))
    #expect(try loaded.text("/etc/ganglia/gmetad.conf").contains("127.0.0.1:8700\n"))
  }
}
