// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// A transient timer of systemd's that runs `cluster-agent undo ID`: it needs neither this process nor a connection.
enum UndoTimer {
  private static func unit(_ id: PendingChange.ID) -> String { "cluster-undo-\(id)" }

  static func start(_ id: PendingChange.ID, seconds: Int) async throws(AgentError) {
    let program = try FileSystem.linkTarget("/proc/self/exe")
    try await Command.checked(
      "systemd-run",
      [
        "--quiet", "--collect", "--unit=\(unit(id))", "--on-active=\(seconds)s",
        // A timer may otherwise be a minute late: systemd.timer(5), AccuracySec=.
        "--timer-property=AccuracySec=100ms", "--property=Restart=on-failure", "--property=RestartSec=2s",
        "--property=StartLimitIntervalSec=0", "--",
        program, "undo", id.text,
      ],
      next:
        "Nothing was changed, because the change could not be undone. Check that systemd is PID 1 there and systemd-run is installed."
    )
  }

  /// One that cannot be stopped finds nothing to undo, or is just at it.
  static func stop(_ id: PendingChange.ID) async {
    _ = try? await Command.run("systemctl", ["--quiet", "stop", "--", "\(unit(id)).timer"], deadline: .seconds(20))
  }
}
