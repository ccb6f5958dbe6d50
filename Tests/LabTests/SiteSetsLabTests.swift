// SPDX-License-Identifier: Apache-2.0
import Foundation
import HostAccess
import Testing

@testable import Lab

/// The sets that sites with users of their own turn on: a directory, login nodes, graphs and somebody who looks after
/// it all, on one head without Pacemaker, with two nodes for jobs and a login node.
@Suite(.serialized, .timeLimit(.minutes(25)), .enabled(if: geteuid() == 0, "labs need root: run `sudo make test`"))
struct SiteSetsLabTests {
  private static let spec = """
    \(LabDescription.oneHead)
    images:
      compute: { release: debian/bookworm, kernel: linux-image-amd64 }
    nodes:
      - names: node[001-002]
        image: compute
        packages: { slurm: { gres: [tape:1] } }
        nics:
          eth0: { network: private, address: 10.1.1.1+, mac: 52:54:00:11:00:01+ }
        bmc: { address: 10.3.1.1+, protocol: ipmi, user: admin, password: secret:bmc/nodes }
      - names: login1
        image: compute
        packages: { slurm: { jobs: false }, login: { users: all } }
        nics:
          eth0: { network: private, address: 10.1.1.9, mac: 52:54:00:11:00:09 }
        bmc: { address: 10.3.1.9, protocol: ipmi, user: admin, password: secret:bmc/nodes }
    access:
      ssh: { user: root }
    packages:
      directory: {}
      munge: {}
      slurm:
        containment: none
        verify: false
        cpus: 2
        memory: 1000
        job_memory: 200
        gres_types: [tape]
        gres_devices: ["NodeName=node[001-002] Name=tape Count=1"]
      home-gluster: {}
      accounts: { home_mount: /home }
      accounts-ldap:
        servers: ["ldap://head1.alps.example.org:3389"]
        base: dc=example,dc=org
        ca: directory-ca.pem
        user: dora
      ssh: {}
      login: { containment: none }
      compilers: {}
      openmpi: {}
      mpich: {}
      ganglia: {}
      nagios: { interval: 1 }

    """

  @Test func usersOfADirectoryWorkOnAClusterThatIsLookedAfter() async throws {
    let files = FileManager.default.temporaryDirectory.appending(path: "site-sets-\(UUID())")
    defer { try? FileManager.default.removeItem(at: files) }
    try await DirectoryOfTheSite.write(to: files)
    let site = try await UserSite.make(
      spec: Self.spec,
      beside: [
        "packages": files.appending(path: "packages"), "directory-ca.pem": files.appending(path: "certificate.pem"),
      ])
    do {
      let began = ContinuousClock.now
      let apply = try await site.cluster(["apply", "--lab", "--yes"])
      print("apply took \(ContinuousClock.now - began)")
      try #require(apply.status == 0, "\(apply.errorText)")
      #expect(try await site.status().nodes.allSatisfy { $0.state == "ready" }, "ready by their own checks")
      try await dora(site)
      try await proven(site)
      try await lookedAfter(site)
      #expect(try await site.cluster(["plan", "--lab", "--detailed-exitcode"]).status == 0)
    } catch {
      try await site.end()
      throw error
    }
    try await site.end()
  }

  /// All checks of all sets, with a login node that gets no jobs.
  private func proven(_ site: UserSite) async throws {
    let began = ContinuousClock.now
    let test = try await site.cluster(["test", "--lab"])
    print("cluster test took \(ContinuousClock.now - began)\n\(test.text)")
    #expect(test.status == 0, "\(test.text)")
    let lines = test.text.split(separator: "\n").map { $0.split(separator: " ").joined(separator: " ") }
    for passed in [
      "accounts-ldap/heads head1", "accounts-ldap/nodes login1,node[001-002]",
      "accounts-ldap/keys login1,node[001-002]",
      "login/refused login1,node[001-002]", "login/admitted node[001-002]", "openmpi/hello head1", "mpich/hello head1",
      "mpich/ping-pong head1", "ganglia/heard head1", "ganglia/pages head1", "nagios/looked head1",
      "nagios/pages head1",
      "slurm/registered login1,node[001-002]",
    ] {
      #expect(lines.contains { $0.hasPrefix("passed \(passed) ") }, "no \(passed)")
    }
  }

  /// A user of the directory alone: the same everywhere, in by the key that the directory has, a job, and no way
  /// around it.
  private func dora(_ site: UserSite) async throws {
    let options = ["exec", "login1,node[001-002]", "--lab", "--yes", "--file", "\(site.folder)/cluster.yaml", "--"]
    let known = try await Command.run(site.program, options + ["id", "dora"], deadline: .seconds(120))
    let expected = "uid=5001(dora) gid=5100(biology) groups=5100(biology),5200(microscope)"
    #expect(known.text.contains("(3): ended with 0\n  \(expected)"), "\(known.text) \(known.errorText)")
    #expect(try await site.onHead("head1", ["id", "dora"]).text == expected + "\n")

    // Her first login on a head makes her home folder.
    #expect(try await asDora("id -un; pwd", at: "head1", site) == "dora\n/home/dora\n")
    #expect(try await asDora("id -un; pwd", at: "login1", site) == "dora\n/home/dora\n")
    let refused = try await enter("true", at: "node001", site)
    #expect(!refused.succeeded && refused.errorText.contains("Access denied"), "\(refused.errorText)")

    let words = "sbatch --wait --gres=tape:1 --output=said --wrap 'id -un; hostname' && cat said"
    let sent = try await asDora(words, at: "login1", site)
    #expect(sent.contains("\ndora\nnode00"), "\(sent)")
    let tapes = try await asDora("sinfo --noheader --Node --format='%N %G'", at: "login1", site)
    #expect(tapes.contains("node001 tape:1\n"), "\(tapes)")
    let refusal = try await asDora("sbatch --gres=tape:2 --wrap true 2>&1 || true", at: "login1", site)
    #expect(refusal.contains("Requested node configuration is not available"), "\(refusal)")
    let wrap = "sbatch --parsable --nodelist=node002 --wrap 'sleep 600'"
    let job = try await asDora(wrap, at: "login1", site).trimmingCharacters(in: .whitespacesAndNewlines)
    try await site.eventually("the job lets her in") { try await enter("true", at: "node002", site).succeeded }
    #expect(try await enter("true", at: "node001", site).succeeded == false, "the job is on the other one")
    _ = try await asDora("scancel \(job)", at: "login1", site)
    try await site.eventually("the job is over, and so is the way in") {
      try await enter("true", at: "node002", site).succeeded == false
    }
  }

  private func enter(_ script: String, at machine: String, _ site: UserSite) async throws -> CommandResult {
    let options = [
      "-i", "/root/dora", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", "-o", "IdentitiesOnly=yes", "-o",
      "StrictHostKeyChecking=no",
    ]
    let command = (["ssh"] + options + ["dora@\(machine)", script]).map {
      "'" + $0.replacing("'", with: "'\\''") + "'"
    }.joined(separator: " ")
    return try await Command.run(
      "ssh", ["-F", site.lab.sshConfig, "head1", command], deadline: .seconds(120))
  }

  private func asDora(_ script: String, at machine: String, _ site: UserSite) async throws -> String {
    let said = try await enter(script, at: machine, site)
    #expect(said.succeeded, "\(machine): \(script): \(said.errorText)")
    return said.text
  }

  /// A unit fails on a node: Nagios shows it there and nowhere else, until it is mended; Ganglia shows all machines.
  private func lookedAfter(_ site: UserSite) async throws {
    func units(_ node: String) async throws -> String {
      let page = "http://127.0.0.1:8082/nagios4/cgi-bin/extinfo.cgi?type=2&host=\(node)&service=units"
      return try await site.onHead("head1", ["curl", "--silent", page]).text
    }
    try await site.eventually("nothing has failed") { try await units("node002").contains("'serviceOK'") }
    try await onNode("node002", "systemd-run --quiet --unit=site-broken false || true", site)
    try await site.eventually("Nagios shows the unit that failed") {
      let page = try await units("node002")
      return page.contains("site-broken.service") && !page.contains("'serviceOK'")
    }
    #expect(try await units("node001").contains("'serviceOK'"), "the other node is well")
    try await onNode("node002", "systemctl reset-failed site-broken.service", site)
    try await site.eventually("Nagios shows that it is mended") { try await units("node002").contains("'serviceOK'") }

    let cluster = try await site.onHead("head1", ["curl", "--silent", "http://127.0.0.1:8081/cluster?t=hour"]).text
    for machine in ["head1", "login1", "node001", "node002"] { #expect(cluster.contains(machine), "\(machine)") }
  }

  private func onNode(_ node: String, _ script: String, _ site: UserSite) async throws {
    let way = ["ssh", "-i", "/var/lib/cluster/node-login-key", "-o", "BatchMode=yes", "-o", "ConnectTimeout=5"]
    _ = try await site.onHead("head1", way + ["root@\(node)", script])
  }
}
