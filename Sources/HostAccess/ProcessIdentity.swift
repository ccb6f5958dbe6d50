// SPDX-License-Identifier: Apache-2.0

/// One process of one boot of one machine: a pid alone is used again.
package struct ProcessIdentity: Hashable, Codable, Sendable {
  package var pid: Int32
  /// Clock ticks between boot and the process's start: proc_pid_stat(5), field 22.
  package var startedAt: UInt64
  /// `/proc/sys/kernel/random/boot_id`.
  package var boot: String
  /// The pid namespace that the pid belongs to, as pid_namespaces(7) names it. Nil in what older versions have kept.
  package var namespace: String?

  package init(pid: Int32, startedAt: UInt64, boot: String, namespace: String? = nil) {
    self.pid = pid
    self.startedAt = startedAt
    self.boot = boot
    self.namespace = namespace
  }

  /// Whether `other` runs, or ran, on the same boot of the same machine, and is seen under the same pid from here. Two
  /// containers on one machine share the boot and not the pids.
  package func sees(_ other: ProcessIdentity) -> Bool {
    boot == other.boot && namespace != nil && namespace == other.namespace
  }
}
