// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

extension KernelFileSystemProbe: AgentProbe {
  var shares: SharedFacts.Subjects { SharedFacts.Subjects() }

  func answer(on agent: Agent, _ context: ProbeContext) async throws(AgentError) -> Bool {
    // A line of it ends with the name: proc(5).
    let known = try FileSystem.read("/proc/filesystems", limit: 1 << 16)
    let names = String(decoding: known, as: UTF8.self).split(separator: "\n").compactMap { line in
      line.split(whereSeparator: \.isWhitespace).last.map(String.init)
    }
    if names.contains(fileSystem) { return true }
    // Without modprobe(8) no module comes.
    guard try LocalFiles.exists("/sbin/modprobe") else { return false }
    return try await Command.run("modprobe", ["--dry-run", "--quiet", "--", fileSystem]).succeeded
  }
}
