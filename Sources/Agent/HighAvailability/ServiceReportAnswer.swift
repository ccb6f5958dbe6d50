// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc
import HostAccess
import Wings

extension ServiceReportProbe: AgentProbe {
  var shares: SharedFacts.Subjects { SharedFacts.Subjects() }

  /// The file's folder may be the service's own: no link is followed, and no pipe waited for.
  func answer(on agent: Agent, _ context: ProbeContext) async throws(AgentError) -> ServiceReportState? {
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard file >= 0 else {
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw FileSystem.failure("\(path) cannot be read")
    }
    defer { _ = close(file) }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= ServiceReport.byteLimit,
      let report = ServiceReport(try FileSystem.read(file, path, limit: 1 << 20))
    else { throw .noReport(path) }
    let isCurrent = report.process.map { kill($0, 0) == 0 || errno == EPERM } ?? true
    return ServiceReportState(report, isCurrent: isCurrent)
  }
}
