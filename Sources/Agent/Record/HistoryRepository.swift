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
    try await make(at: path)
    let words: [String] = ["git", service.program, path]
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    execvp("git", &arguments)
    return AgentError(
      .notFound, "git cannot be run on this host", cause: String(cString: strerror(errno)),
      next: "`cluster apply` installs it with the base packages of a head.")
  }

  private static let branch = "cluster/history"

  /// git-config(1). All of it is ours, so that it can be written anew where a power cut has left it without its bytes.
  private static let configuration = """
    [core]
    \trepositoryformatversion = 0
    \tfilemode = true
    \tbare = true
    \t# What was acknowledged survives a power cut.
    \tfsync = all
    \tfsyncMethod = batch
    [receive]
    \t# Nobody rewrites what was recorded.
    \tdenyNonFastForwards = true
    \tdenyDeletes = true

    """

  /// git init(1) syncs nothing: after a power cut within half a minute `HEAD` is there, and empty, which git takes for
  /// no repository, and does not mend.
  static func make(at path: String) async throws(AgentError) {
    let next = "Check that git is installed and that there is room in /var/lib."
    if try FileSystem.entry("\(path)/HEAD") != nil {
      let known = try await Command.run("git", ["--git-dir", path, "config", "--get", "core.fsyncMethod"])
      if known.succeeded { return }
    }
    try FileSystem.makeFolder(path, mode: 0o700)
    try LocalFiles.write(Array("ref: refs/heads/\(branch)\n".utf8), to: "\(path)/HEAD")
    try LocalFiles.write(Array(configuration.utf8), to: "\(path)/config")
    try await Command.checked("git", ["init", "--quiet", "--bare", path], next: next)
    try await Command.checked("sync", ["--file-system", path], next: next)
  }
}
