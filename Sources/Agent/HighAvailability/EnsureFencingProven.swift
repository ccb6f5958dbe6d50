// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc
import HostAccess
import Pacemaker
import Wings

extension EnsureFencingProven: AgentOperation {
  /// Asks a head's BMC for its power with the fence agent and the parameters that Pacemaker will use, and records it.
  ///
  /// - Throws: `.bmcUnreachable`, `.bmcAuthentication`, and `.notFound` when the fence agent is not installed.
  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome {
    context.progress("asking the BMC of \(goal.head) at \(goal.bmc.address)")
    let speech = try PowerControl.speech(of: goal.bmc)
    let device = speech.fence(goal.head, goal.bmc)
    let options = device.parameters + [("action", "status"), ("verbose", "1")]
    let input = options.map { "\($0.name)=\($0.value)\n" }.joined()
    let result = try await Command.run(
      device.agent, [], input: Array(input.utf8), deadline: .seconds(45))
    // Status 2 means: switched off. The BMC has answered and accepted the password, which is what is to be proven.
    guard result.status == 0 || result.status == 2, let power = FenceDevice.power(in: result.text) else {
      throw speech.failure(of: device, saying: result.errorText)
    }
    try FencingRecords.write(
      FencingRecord(head: goal.head, address: goal.bmc.address, provenAt: Int(time(nil))))
    return Outcome(changed: true, detail: "the BMC of \(goal.head) at \(goal.bmc.address) answers: power is \(power)")
  }
}
