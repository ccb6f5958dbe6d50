// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess
import Wings

extension StateFolderProbe: AgentProbe {
  var shares: SharedFacts.Subjects { SharedFacts.Subjects() }

  func answer(on agent: Agent, _ context: ProbeContext) async throws(AgentError) -> StateFolder {
    try await StateFolder.seen(at: path)
  }
}

extension EnsureStateFolder: AgentOperation {
  func perform(on agent: Agent, _ context: OperationContext) async throws(AgentError) -> Outcome {
    let folder = try await StateFolder.seen(at: goal.path)
    guard folder.isMounted else {
      throw AgentError(
        .notFound, "Nothing is mounted at \(goal.path)",
        next:
          "Mount it on this head, and see to it that it is mounted after a restart; or give `ha: state:` a `mount:`.")
    }
    if let problem = folder.conflict(with: goal) { throw problem }
    if folder.marker != nil { return Outcome(changed: false, detail: "marked already") }
    guard marks else {
      throw AgentError(
        .conflict, "\(goal.path) is not the folder that the first head has: it has no mark",
        next: "Mount the same folder on both heads.")
    }
    try FileSystem.write(Array("\(goal.marker)\n".utf8), to: goal.file, mode: 0o644)
    return Outcome(changed: true, detail: "marked as the state of \(goal.marker)")
  }
}

extension StateFolder {
  /// More than this is no mark of ours.
  private static let longestMark = 1024

  /// Looked at by programs with a deadline: a server that has gone would stop the agent itself.
  static func seen(at path: String) async throws(AgentError) -> StateFolder {
    let isMounted = try LocalFiles.mountPoints().contains(path)
    let limit = Duration.seconds(10)
    let marker = try await Command.run(
      "head", ["--bytes=\(longestMark)", "--", HighAvailabilityPolicy.State.marker(in: path)], deadline: limit)
    let first = marker.succeeded ? shown(marker.text.split(separator: "\n").first ?? "") : nil
    let listing = try await Command.run("find", [path, "-mindepth", "1", "-print", "-quit"], deadline: limit)
    return StateFolder(isMounted: isMounted, marker: first, isEmpty: listing.text.isEmpty)
  }

  /// A mark that somebody else made may hold anything.
  private static func shown(_ line: Substring) -> String {
    String(String.UnicodeScalarView(line.unicodeScalars.map { (32..<127).contains($0.value) ? $0 : "?" }))
  }
}
