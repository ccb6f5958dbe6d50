// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Glibc
import HostAccess

/// This host's copy of the record: a bare repository that git(1) pushes to and fetches from over SSH.
///
/// It only ever grows. Who can push can add runs, but neither take one away nor change one.
package enum HistoryRepository {
  package static let path = HistoryPlace.path

  /// The service on the side that has the repository, by git's name: git-receive-pack(1), git-upload-pack(1).
  package enum Service: String, CaseIterable, Sendable {
    case receive = "receive-history"
    case send = "send-history"

    fileprivate var program: String {
      switch self {
      case .receive: "receive-pack"
      case .send: "upload-pack"
      }
    }
  }

  /// Makes the repository when there is none, and becomes git, which talks over standard input and output.
  /// Returns only to say why it could not.
  package static func serve(_ service: Service, at path: String) async throws(AgentError) -> AgentError {
    guard path == Self.path else {
      return AgentError(.invalid, "\(path) is not where the record is kept", next: "Use \(Self.path).")
    }
    try await make()
    let words: [String] = ["git", service.program, path]
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    execvp("git", &arguments)
    return AgentError(
      .notFound, "git cannot be run on this host", cause: String(cString: strerror(errno)),
      next: "`cluster apply` installs it with the base packages of a head.")
  }

  private static let settings = [
    // Nobody rewrites what was recorded: git-config(1).
    ["receive.denyNonFastForwards", "true"], ["receive.denyDeletes", "true"],
    // What was acknowledged survives a power cut.
    ["core.fsync", "all"], ["core.fsyncMethod", "batch"],
  ]

  private static func make() async throws(AgentError) {
    // The last of the settings is the mark that the ones before are there too.
    if let last = settings.last, try FileSystem.entry("\(path)/HEAD") != nil {
      let known = try await Command.run("git", ["--git-dir", path, "config", "--get", last[0]])
      if known.succeeded { return }
    }
    try FileSystem.makeFolder(path, mode: 0o700)
    try await Command.checked(
      "git", ["init", "--quiet", "--bare", "--initial-branch=cluster/history", path],
      next: "Check that git is installed and that there is room in /var/lib.")
    for setting in settings {
      try await Command.checked(
        "git", ["--git-dir", path, "config"] + setting, next: "Check that there is room in /var/lib.")
    }
  }
}
