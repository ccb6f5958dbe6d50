// SPDX-License-Identifier: Apache-2.0
import ClusterModel

extension LinkKind {
  package static func steps(
    _ id: ResourceID, _ desired: Desired, _ actual: Actual?, _ context: PlanContext
  ) throws(Unreadable) -> [StepDraft] {
    let goal = desired.link
    var drafts: [StepDraft] = []
    let text = contents(goal)
    if actual?.file != text {
      drafts.append(
        StepDraft(
          "write", on: id.onlyHost, .ensureFile(FileGoal(path: path(goal.interface), contents: .text(text))),
          because: actual?.file == nil
            ? "\(path(goal.interface)) does not exist" : "\(path(goal.interface)) has other contents",
          changes: UnifiedDiff.lines(old: actual?.file ?? "", new: text)))
    }
    let missing = missing(goal, actual?.link)
    if !missing.isEmpty || !drafts.isEmpty {
      drafts.append(
        StepDraft(
          "apply", on: id.onlyHost, .ensureLink(goal),
          disruption: actual?.link == nil || missing.isEmpty ? .none : .reload,
          because: missing.isEmpty ? "\(path(goal.interface)) changes" : "\(goal.interface) lacks its settings",
          changes: missing + (actual.map { leaving(goal, $0) } ?? [])))
    }
    return drafts
  }

  package static func removal(
    _ id: ResourceID, _ previous: Desired, _ actual: Actual, _ context: PlanContext
  ) -> [StepDraft] {
    guard actual.file != nil else { return [] }
    let path = path(previous.link.interface)
    return [
      StepDraft(
        "remove", on: id.onlyHost, .ensureFileAbsent(path: path),
        because: "nothing in the spec asks for \(previous.link.interface) now; its address goes with the next boot",
        changes: ["- \(path)"])
    ]
  }

  /// The systemd.network(5) file. `KeepConfiguration` is what leaves service addresses alone when networkd restarts.
  package static func contents(_ goal: LinkGoal) -> String {
    var lines = [
      "# Written by cluster; changes made here are undone.",
      "[Match]",
      "Name=\(goal.interface)",
      "",
      "[Network]",
      "Address=\(goal.address)/\(goal.prefix)",
    ]
    if let gateway = goal.gateway { lines.append("Gateway=\(gateway)") }
    lines += ["IPv6AcceptRA=no", "KeepConfiguration=yes"]
    return lines.joined(separator: "\n") + "\n"
  }

  /// networkd takes away what its file has said before, and leaves alone what others have added.
  private static func leaving(_ goal: LinkGoal, _ actual: Actual) -> [String] {
    let lines = actual.file?.split(separator: "\n").filter { $0.hasPrefix("Address=") } ?? []
    return lines.map { String($0.dropFirst("Address=".count)) }
      .filter { $0 != "\(goal.address)/\(goal.prefix)" && actual.link?.addresses.contains($0) == true }
      .map { "- \($0)" }
  }

  /// A link that is down has a pulled cable or a dead switch: no step mends that, so it is not looked at here.
  private static func missing(_ goal: LinkGoal, _ link: LinkState?) -> [String] {
    let address = "\(goal.address)/\(goal.prefix)"
    var lines: [String] = []
    if link?.addresses.contains(address) != true { lines.append("+ \(address)") }
    if let gateway = goal.gateway, link?.gateways.contains(gateway) != true { lines.append("+ default via \(gateway)") }
    return lines
  }
}
