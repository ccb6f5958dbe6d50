// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

/// Exchange with one place.
extension HistoryCopies {
  func push(to place: HistoryPlace) async throws(AgentError) {
    let receive = place.receive.map { ["--receive-pack=\($0)"] } ?? []
    let result = try await Command.run(
      "git", words(place) + ["push", "--porcelain"] + receive + [place.url, AuditRepository.history],
      environment: Self.environment, deadline: Self.deadline)
    if !result.succeeded { throw explained(result, place) }
    try await Command.checked(
      "git", ["-C", folder, "update-ref", reference(place.name), AuditRepository.history],
      next: "Check the repository with `git fsck`.")
  }

  func fetch(from place: HistoryPlace) async throws(AgentError) {
    let send = place.send.map { ["--upload-pack=\($0)"] } ?? []
    let result = try await Command.run(
      "git",
      words(place) + ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--refmap="] + send
        + [place.url, "+\(AuditRepository.history):\(reference(place.name))"],
      environment: Self.environment, deadline: Self.deadline)
    // Nothing was pushed there yet.
    if result.errorText.contains("couldn't find remote ref") { return }
    if !result.succeeded { throw explained(result, place) }
  }

  static let environment = ["GIT_TERMINAL_PROMPT": "0"]

  private func words(_ place: HistoryPlace) -> [String] {
    ["-C", folder] + place.settings.flatMap { ["-c", $0] }
  }

  /// git says in words only why it failed: git-push(1), "OUTPUT".
  private func explained(_ result: CommandResult, _ place: HistoryPlace) -> AgentError {
    let said = result.errorText + result.text
    if ["(fetch first)", "(non-fast-forward)", "non-fast-forward"].contains(where: said.contains) {
      return AgentError(
        .conflict, "\(place.name) has runs that are not recorded here", cause: result.lastLines,
        next: "Apply again: the next run merges them. If this persists, compare the two: git fetch \(place.url) "
          + AuditRepository.history)
    }
    return AgentError(
      .unreachable, "the record could not be exchanged with \(place.name)", cause: result.lastLines,
      next: "The next run tries again. To check: git ls-remote \(place.url)")
  }

  /// Does the same with all at once. Nil for those where it worked.
  func onAll(
    _ names: [String], _ work: @escaping @Sendable (HistoryPlace) async throws(AgentError) -> Void
  ) async -> [String: AgentError?] {
    await withTaskGroup(of: (String, AgentError?).self) { group in
      for name in names {
        group.addTask {
          do throws(AgentError) { try await work(place(name)) } catch { return (name, error) }
          return (name, nil)
        }
      }
      var problems: [String: AgentError?] = [:]
      for await (name, problem) in group { problems[name] = .some(problem) }
      return problems
    }
  }

  private func place(_ name: String) async throws(AgentError) -> HistoryPlace {
    if let head = heads[name] { return try await head.historyPlace() }
    return HistoryPlace(name: name, url: name)
  }
}

extension AgentError {
  var isDivergence: Bool { code == .conflict }
}
