// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Diagnostics

/// The turning over of the log of boots, before it is large: at most 12 MiB of it lie on the disk, and beside them
/// three lines for each machine.
///
/// logrotate(8) looks once a day, and what it has put away nobody reads: all nodes would count as never heard.
struct BootLogRotation {
  let head: HostID
  let source: SourceSpan

  private static let program = "/usr/lib/cluster-boot-log/boot-log"
  private static let service = "/etc/systemd/system/cluster-boot-log.service"
  private static let timer = "/etc/systemd/system/cluster-boot-log.timer"
  /// A minute of ten thousand nodes that boot at once.
  private static let most = 6 << 20

  func resources(after installed: [ResourceID]) -> [Resource] {
    let because = "the log of boots stays small"
    let unit = UnitGoal(
      name: "cluster-boot-log.timer", enabled: true, active: true, configuration: [Self.timer], reload: .restart)
    return [
      .file(
        on: head, Self.program, String(decoding: PackageResources.boot_log, as: UTF8.self), because: because,
        source: source),
      .file(on: head, Self.service, Self.serviceText, because: because, source: source),
      .file(on: head, Self.timer, Self.timerText, because: because, source: source),
      .unit(
        on: head, .init(unit, watches: [FileKind.id(on: head, Self.timer)]), because: because, source: source,
        after: installed + [Self.program, Self.service].map { FileKind.id(on: head, $0) }
          + [TreeKind.id(on: head, WellKnown.dhcpHosts)]),
    ]
  }

  /// Through sh: no file of ours needs to be executable for it.
  private static let serviceText = """
    # Written by cluster; changes made here are undone.
    [Unit]
    Description=Turn the log of boots over when it is large

    [Service]
    Type=oneshot
    ExecStart=/bin/sh \(program) \(WellKnown.bootLog) \(WellKnown.dhcpHosts)/machines \(most)
    LogLevelMax=warning

    """

  private static let timerText = """
    # Written by cluster; changes made here are undone.
    [Unit]
    Description=Look at the log of boots every half minute

    [Timer]
    OnActiveSec=30
    OnUnitInactiveSec=30
    AccuracySec=5s

    [Install]
    WantedBy=timers.target

    """
}
