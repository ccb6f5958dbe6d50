// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

extension Agent {
  func probeNodeReports() async throws(AgentError) -> Answer { .nodeReports(try BootLog.reports()) }

  func probePower(_ bmc: BMC, _ secrets: Secrets) async throws(AgentError) -> Answer {
    .power(try await PowerControl(bmc, secrets).status())
  }
}
