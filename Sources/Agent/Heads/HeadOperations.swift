// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc
import HostAccess
import Wings

extension EnsureHostname: AgentOperation {
  /// Now and after the next boot: hostname(5). Works without D-Bus, which hostnamectl(1) needs.
  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome {
    // hostname(7): at most 64 characters, of these.
    let fit = goal.utf8.allSatisfy { byte in
      UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
        || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
    }
    guard fit, 1...64 ~= goal.utf8.count else {
      throw AgentError(
        .invalid, "\"\(goal)\" is not a host name", next: "Use letters, digits and hyphens, at most 64 characters.")
    }
    var changed = false
    if try Agent.configuredHostname() != goal {
      try FileSystem.write(Array("\(goal)\n".utf8), to: "/etc/hostname", owner: .init(uid: 0, gid: 0))
      changed = true
    }
    if try Agent.runningHostname() != goal {
      guard sethostname(goal, goal.utf8.count) == 0 else { throw FileSystem.failure("The host name cannot be set") }
      changed = true
    }
    return Outcome(changed: changed, detail: changed ? "the host name is \(goal) now" : "as desired already")
  }
}

extension EnsureCapture: AgentOperation {
  /// Always captures anew: what an earlier capture holds is not what this head holds now.
  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome {
    let (facts, leftOut) = try await HeadCaptureRun(recipe: goal, context: context).run()
    let captured = "\(LocalFiles.mebibytes(facts.bytes)), sha256 \(facts.sha256.prefix(12))"
    return Outcome(
      changed: true,
      detail: "captured this head for \(goal.clone): \(captured); \(leftOut) files and folders stay here, listed in "
        + CaptureStore.leftOut(goal.clone))
  }
}

extension EnsureClone: AgentOperation {
  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome {
    if let record = try CaptureStore.record(goal.head) {
      return Outcome(changed: false, detail: "\(goal.head) \(record.words)")
    }
    let start = ContinuousClock.now
    let record = try await CloneInstallation(goal, context).run()
    let seconds = (ContinuousClock.now - start).components.seconds
    return Outcome(
      changed: true,
      detail: "\(goal.head) \(record.words), in \(seconds) s; it answers on SSH")
  }
}

extension EnsureCloneNoted: AgentOperation {
  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome {
    if let record = try CaptureStore.record(head) {
      return Outcome(changed: false, detail: "\(head) \(record.words)")
    }
    try CaptureStore.write(CloneRecord(head: head, capture: nil, installedAt: Int(time(nil))))
    return Outcome(changed: true, detail: "noted that \(head) is there")
  }
}

extension EnsureCloneAbsent: AgentOperation {
  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome {
    try await CaptureStore.forget(head)
      ? Outcome(changed: true, detail: "forgot \(head)")
      : Outcome(changed: false, detail: "nothing is noted of \(head)")
  }
}

extension CloneProbe: AgentProbe {
  var shares: SharedFacts.Subjects { SharedFacts.Subjects() }

  func answer(on agent: Agent, _ context: ProbeContext) async throws(AgentError) -> CloneRecord? {
    try CaptureStore.record(head)
  }
}

extension SSHPortProbe: AgentProbe {
  var shares: SharedFacts.Subjects { SharedFacts.Subjects() }

  func answer(on agent: Agent, _ context: ProbeContext) async throws(AgentError) -> Bool {
    try await Agent.speaksSSH(address)
  }
}

extension Agent {
  /// ssh-keyscan(1) only looks: an answer of whatever sort is an answer.
  static func speaksSSH(_ address: IPv4Address) async throws(AgentError) -> Bool {
    try await Command.run("ssh-keyscan", ["-T", "3", "\(address)"], deadline: .seconds(20)).text
      .split(separator: "\n").contains { !$0.hasPrefix("#") }
  }
}
