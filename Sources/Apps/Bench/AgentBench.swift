// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Simulator
import Wings

/// A conversation with an agent, from its start to the last of 200 answers. Probes change nothing.
enum AgentBench {
  static func run(_ program: String, _ words: [String]) async throws {
    let probes = probes
    var answers: [AnyProbe: AnyAnswer] = [:]
    var times: [Duration] = []
    for _ in 0...Measuring.repetitions {
      let clock = ContinuousClock()
      let began = clock.now
      let connection = AgentConnection(program, words, catalog: .all) { _ in nil }
      do {
        _ = try await connection.greeting(within: .seconds(20))
        answers = try await connection.answer(probes, secrets: Secrets())
      } catch {
        await connection.close()
        throw error
      }
      times.append(began.duration(to: clock.now))
      // How long a program takes to end is nobody's wait.
      await connection.close()
    }
    // The first is cold.
    let time = times.dropFirst().sorted()[Measuring.repetitions / 2]
    let failed = answers.values.compactMap { if case .failed(let error) = $0 { error } else { nil } }
    guard failed.isEmpty, answers.count == probes.count else {
      throw Unexpected(what: "\(failed.count) of \(probes.count) probes failed: \(failed.first.map { "\($0)" } ?? "")")
    }
    Measuring.bar(
      "agent: start, handshake and \(probes.count) probes", Measuring.milliseconds(time), reach: "150 ms",
      met: time <= .milliseconds(150))
  }

  /// The questions that a head is asked, in about the shares that a site of some size asks it.
  private static var probes: [AnyProbe] {
    let files = base.map { "/etc/\($0)" } + (0..<90).map { "/etc/cluster/bench/file-\($0)" }
    let units = [
      "ssh.service", "cron.service", "nginx.service", "dnsmasq.service", "corosync.service", "pacemaker.service",
      "systemd-networkd.service", "systemd-journald.service", "systemd-logind.service", "systemd-udevd.service",
      "systemd-tmpfiles-setup.service", "systemd-tmpfiles-clean.timer", "systemd-remount-fs.service",
      "systemd-sysctl.service", "systemd-user-sessions.service", "systemd-journal-flush.service", "dbus.service",
      "dbus.socket", "apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer",
      "fstrim.timer", "getty.target", "multi-user.target", "network.target", "timers.target", "sockets.target",
    ]
    let packages = [
      "openssh-server", "nginx-light", "dnsmasq", "corosync", "pacemaker", "ipmitool", "rsync", "adduser",
    ]
    return [AnyProbe(SystemProbe()), AnyProbe(LinksProbe())]
      + files.map { AnyProbe(FileProbe($0)) }
      + (0..<20).map { AnyProbe(TreeProbe("/etc/cluster/bench/tree-\($0)")) }
      + units.map { AnyProbe(UnitProbe($0, configuration: ["/etc/systemd/system/\($0)", "/etc/nginx"])) }
      + packages.map { AnyProbe(PackagesProbe([$0])) }
      + (0..<22).map { AnyProbe(PackagesProbe(["bench-\($0)", "base-files"])) }
  }

  /// On every Debian.
  private static let base = [
    "passwd", "group", "hosts", "hostname", "fstab", "profile", "bash.bashrc", "debian_version", "issue", "issue.net",
    "host.conf", "nsswitch.conf", "login.defs", "services", "protocols", "rpc", "networks", "shells", "securetty",
    "environment", "ld.so.conf", "deluser.conf", "adduser.conf", "debconf.conf", "gai.conf", "libaudit.conf",
    "mke2fs.conf", "pam.conf", "resolv.conf", "xattr.conf",
  ]
}

/// Machines as they come out of their boxes, with an operating system on the first head and nothing else: the most
/// there can be to plan.
enum BareMachine {
  static func inventory(_ cluster: Cluster, _ questions: [HostID: [AnyProbe]]) -> Inventory {
    let world = FakeWorld(cluster)
    var hosts: [HostID: Inventory.Host] = [:]
    for (host, probes) in questions {
      let secrets = Set(probes.flatMap(\.secrets.refs)).map { ($0, FakeWorld.password($0)) }
      do throws(AgentError) {
        hosts[host] = .answered(
          try world.answers(probes, on: host, Secrets(Dictionary(uniqueKeysWithValues: secrets))))
      } catch { hosts[host] = .unreachable(error) }
    }
    return Inventory(hosts: hosts, observedAt: 0)
  }
}
