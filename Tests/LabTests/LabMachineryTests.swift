// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess
import TestKit
import Testing

@testable import Lab

/// Real labs on this machine. They need root and the lab's packages.
@Suite(.serialized, .timeLimit(.minutes(10)), .enabled(if: geteuid() == 0, "labs need root"))
struct LabMachineryTests {
  @Test func aHeadStartsAsAnInstallerLeftIt() async throws {
    try await TestLab.with { lab in
      let name = try await lab.ssh("head1", "hostname; cat /etc/machine-id")
      let links = try await lab.ssh("head1", "ip -br link")
      let failed = try await lab.ssh("head1", "systemctl is-system-running --wait; systemctl --failed --no-legend")

      #expect(name.text.split(separator: "\n").first == "head1")
      #expect(name.text.split(separator: "\n").last?.count == 32)
      #expect(links.text.contains("eth0") && links.text.contains("52:54:00:01:00:01"))
      #expect(failed.text == "running\n")
      #expect(try await !lab.ssh("head1", "date --set=2001-01-01").succeeded)
    }
  }

  @Test func packagesComeThroughTheProxy() async throws {
    try await TestLab.with { lab in
      let up = "ip link set eth1 up && ip addr add 198.51.100.11/24 dev eth1 && ip route add default via 198.51.100.1"
      let proxy = "-o Acquire::http::Proxy=http://198.51.100.1:3142"
      let done = try await lab.ssh(
        "head1", "\(up) && apt-get -qq \(proxy) update && apt-get -qq \(proxy) install -y --no-install-recommends less")

      #expect(done.succeeded, "\(done.lastLines)")
      // The BMCs are behind the gateway.
      #expect(try await lab.ssh("head1", "ping -c 1 -W 1 10.3.0.2").succeeded)
    }
  }

  @Test func withoutTheMirrorTheProxyGivesWhatItHas() async throws {
    try await TestLab.with { lab in
      func get(_ path: String) async throws -> String {
        let argv = lab.site.inside([
          "curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "-x", PackageProxy.localURL,
          "\(lab.site.mirror)/\(path)",
        ])
        return try await Command.run(argv[0], Array(argv.dropFirst())).text
      }
      #expect(try await get("dists/bookworm/InRelease") == "200")

      try await lab.site.setMirror(up: false)
      #expect(try await get("dists/bookworm/InRelease") == "200")
      #expect(try await get("no/such/file-\(lab.site.id)") == "502")

      try await lab.site.setMirror(up: true)
      #expect(try await get("no/such/file-\(lab.site.id)") == "404")
    }
  }

  @Test func theBMCIsThePowerSwitch() async throws {
    try await TestLab.with { lab in
      #expect(try await lab.ipmi("head1", ["chassis", "power", "status"]).text.contains("is on"))
      #expect(try await lab.ipmi("head2", ["chassis", "power", "status"]).text.contains("is off"))
      #expect(try await !lab.ipmi("head1", ["chassis", "power", "off"], password: "wrong").succeeded)

      let clock = ContinuousClock()
      let off = try await clock.measure { _ = try await lab.ipmi("head1", ["chassis", "power", "off"]) }
      #expect(try await lab.ipmi("head1", ["chassis", "power", "status"]).text.contains("is off"))
      // Nothing of it answers any more when the BMC says that it is off.
      let ping = lab.site.inside(["ping", "-c", "1", "-W", "1", "10.1.0.1"])
      #expect(try await !Command.run(ping[0], Array(ping.dropFirst())).succeeded)
      let on = try await clock.measure { _ = try await lab.ipmi("head1", ["chassis", "power", "on"]) }
      let back = try await clock.measure { try await lab.site.awaitSSH(of: try lab.machine("head1")) }

      print("power off \(off), on \(on), SSH back after \(back)")
      #expect(off < .seconds(3) && on < .seconds(3))
    }
  }

  @Test func aBMCCanLie() async throws {
    try await TestLab.with { lab in
      try await lab.site.setBMC(of: "head1", BoardTraits(lies: true))
      #expect(try await lab.ipmi("head1", ["chassis", "power", "off"]).succeeded)
      #expect(try await lab.ipmi("head1", ["chassis", "power", "status"]).text.contains("is on"))

      try await lab.site.setBMC(of: "head1", BoardTraits())
      #expect(try await lab.ipmi("head1", ["chassis", "power", "off"]).succeeded)
      #expect(try await lab.ipmi("head1", ["chassis", "power", "status"]).text.contains("is off"))
    }
  }

  @Test func aHeadKeepsItsDiskOverAPowerCutAndARestart() async throws {
    try await TestLab.with { lab in
      _ = try await lab.ssh("head1", "echo kept > /root/file && sync")
      try await lab.power("head1", .cycle)
      try await lab.site.awaitSSH(of: try lab.machine("head1"))
      #expect(try await lab.ssh("head1", "cat /root/file").text == "kept\n")

      _ = try await lab.ssh("head1", "systemctl reboot")
      try await lab.wait("head1", "it starts again") { _, console in
        console.components(separatedBy: "booting from disk").count == 4
      }
      try await lab.site.awaitSSH(of: try lab.machine("head1"))
      #expect(try await lab.ssh("head1", "cat /root/file").text == "kept\n")

      try await lab.power("head1", .shutdown)
      try await lab.wait("head1", "it is off") { status, _ in status.phase == .off }
    }
  }

  @Test func aCutCableStaysCutOverAPowerCycle() async throws {
    try await TestLab.with { lab in
      try await lab.site.setLink(of: "head1", on: "private", up: false)
      #expect(try await !lab.ssh("head1", "true").succeeded)
      try await lab.power("head1", .cycle)
      #expect(try await !lab.ssh("head1", "true").succeeded)

      try await lab.site.setLink(of: "head1", on: "private", up: true)
      try await lab.site.awaitSSH(of: try lab.machine("head1"))
    }
  }

  @Test func theProberSeesWhatGoesAndComesBack() async throws {
    try await TestLab.with { lab in
      let argv = lab.site.inside([
        lab.site.program, "lab", "probe", "--seconds", "6", "--target", "ping:10.1.0.1", "--target", "http:10.1.0.1",
      ])
      async let probing = Command.run(argv[0], Array(argv.dropFirst()))
      try await lab.site.setLink(of: "head1", on: "private", up: false)
      try await Task.sleep(for: .seconds(2))
      try await lab.site.setLink(of: "head1", on: "private", up: true)
      let result = try await probing

      #expect(result.status == 1)
      #expect(result.text.contains("ping 10.1.0.1  answers again after"))
      #expect(result.text.contains("ping 10.1.0.1  answers, longest interruption"))
      #expect(result.text.contains("http 10.1.0.1  does not answer, longest interruption"))
    }
  }

  @Test func nodesBootOverTheNetworkAndVerifyTheirImage() async throws {
    try await TestLab.with(nodes: 3) { lab in
      let server = BootServer(lab: lab)
      try await server.start()
      for name in ["node1", "node2"] { _ = try await lab.ipmi(name, ["chassis", "power", "on"]) }
      for name in ["node1", "node2"] {
        try await lab.wait(name, "it reports") { status, console in
          status.phase == .running && status.source == .network && console.contains("ready test/1")
        }
      }
      #expect(server.reports == 2)

      try server.corruptImage()
      try await lab.power("node3", .on)
      try await lab.wait("node3", "it refuses") { status, _ in status.phase == .hung }
      #expect(try !lab.console("node3").contains("ready"))
      #expect(lab.site.status(of: try lab.machine("node3"))?.detail?.contains("SHA-256") == true)
      #expect(server.reports == 3)
    }
  }

  @Test func aMachineThatNobodyAnswersKeepsAsking() async throws {
    try await TestLab.with { lab in
      try await lab.power("node1", .on)
      try await lab.wait("node1", "it gives up once") { status, _ in status.phase == .noBootDevice }
      let server = BootServer(lab: lab)
      try await server.start()
      try await lab.wait("node1", "it boots after all") { _, console in console.contains("ready test/1") }
    }
  }

  @Test func theBlankHeadIsInstalledAndThenBootsFromItsDisk() async throws {
    try await TestLab.with { lab in
      let server = BootServer(lab: lab)
      try await server.start(arguments: "cluster.install=/dev/nvme0n1")
      _ = try await lab.ipmi("head2", ["chassis", "bootdev", "pxe"])
      _ = try await lab.ipmi("head2", ["chassis", "power", "on"])
      try await lab.wait("head2", "it is installed and started from its disk") { status, console in
        status.source == .disk && console.contains("started from ext")
      }
      #expect(try lab.console("head2").contains("installed, partitions: 1"))

      // The boot device that the BMC had set was for one start.
      try await lab.power("head2", .cycle)
      try await lab.wait("head2", "it starts from its disk") { status, console in
        status.source == .disk && console.components(separatedBy: "started from ext").count == 3
      }
    }
  }

  @Test func twoLabsOfOneClusterLiveSideBySide() async throws {
    try await TestLab.with { one in
      try await TestLab.with { two in
        #expect(one.site.id != two.site.id)
        let first = try await one.ssh("head1", "echo one > /root/which; hostname")
        let second = try await two.ssh("head1", "cat /root/which")
        #expect(first.text == "head1\n")
        #expect(!second.succeeded)
      }
      #expect(try await one.ssh("head1", "cat /root/which").text == "one\n")
    }
  }

  @Test func upAddsWhatIsNewAndLeavesTheRestRunning() async throws {
    try await TestLab.with(nodes: 1) { lab in
      let before = try await lab.ssh(
        "head1", "cat /proc/sys/kernel/random/boot_id; systemctl show -P ActiveEnterTimestamp ssh")
      let again = try await LabSite.up(
        try ExampleCluster.make(nodes: 2), spec: "\(lab.folder)/cluster.yaml", program: try TestLab.program(),
        progress: { _ in })

      #expect(again.id == lab.site.id)
      #expect(again.machine("node2") != nil)
      let after = try await lab.ssh(
        "head1", "cat /proc/sys/kernel/random/boot_id; systemctl show -P ActiveEnterTimestamp ssh")
      #expect(before.text == after.text)
      let new = TestLab(folder: lab.folder, site: again)
      #expect(try await new.ipmi("node2", ["chassis", "power", "status"]).text.contains("is off"))
    }
  }

  @Test func downRemovesWhatAnUpThatWasKilledHadBegunToWrite() async throws {
    let folder = try TestLab.makeFolder(example: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let spec = "\(folder)/cluster.yaml"
    try LabFiles.write("{", to: "\(LabPointer.path(beside: spec)).4711.tmp")
    #expect(try await !LabSite.down(beside: spec, progress: { _ in }))
    #expect(!LabFiles.exists("\(folder)/.cluster"))
  }

  @Test func downCleansUpAfterAnUpThatWasKilled() async throws {
    var random = SeededGenerator()
    for _ in 1...6 {
      let folder = try TestLab.makeFolder(example: true)
      defer { try? FileManager.default.removeItem(atPath: folder) }
      // A warm `up` takes about 1.5 s.
      let wait = Duration.milliseconds(Int.random(in: 20...1500, using: &random))
      let up = Process()
      up.executableURL = URL(fileURLWithPath: try TestLab.program())
      up.arguments = ["lab", "up", "--file", "\(folder)/cluster.yaml"]
      up.standardError = FileHandle.nullDevice
      try up.run()
      try await Task.sleep(for: wait)
      kill(up.processIdentifier, SIGKILL)
      up.waitUntilExit()

      let id = try LabSite.pointer(beside: "\(folder)/cluster.yaml")?.id
      _ = try await LabSite.down(beside: "\(folder)/cluster.yaml", progress: { _ in })

      if let id { #expect(try await TestLab.leftovers(of: id) == [], "killed after \(wait)") }
      #expect(!LabFiles.exists("\(folder)/.cluster"))
    }
  }
}
