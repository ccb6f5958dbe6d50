// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation

/// Where the machines in memory of one description are kept between calls, with the journal and the record of the runs
/// on them: nothing of it is ever beside the description, or in its repository.
struct SimulatedState {
  /// `$XDG_STATE_HOME/cluster/simulated/DIGEST`, a folder for each description by its path.
  let folder: URL

  init(of specification: URL, environment: [String: String] = ProcessInfo.processInfo.environment) {
    let path = specification.resolvingSymlinksInPath().path
    folder = Self.home(environment).appending(path: "cluster/simulated/\(SHA256.hex(path).prefix(16))")
  }

  /// A folder that nobody else uses, for machines that are not to be kept.
  init(temporary: Void) {
    folder = FileManager.default.temporaryDirectory.appending(path: "cluster-simulated-\(UUID())")
  }

  /// `$XDG_STATE_HOME`, or else `$HOME/.local/state`, as the XDG Base Directory Specification (0.8) has it: a path that
  /// is not absolute is not valid, and is ignored. Without a valid `HOME`, the user's entry in passwd(5) counts.
  private static func home(_ environment: [String: String]) -> URL {
    func folder(_ variable: String) -> URL? {
      environment[variable].flatMap { $0.hasPrefix("/") ? URL(fileURLWithPath: $0) : nil }
    }
    if let state = folder("XDG_STATE_HOME") { return state }
    return (folder("HOME") ?? FileManager.default.homeDirectoryForCurrentUser).appending(path: ".local/state")
  }

  var machines: URL { folder.appending(path: "machines.json") }
  var lock: URL { folder.appending(path: "lock") }
  /// A git repository that holds nothing but `cluster/history`.
  var record: URL { folder.appending(path: "record") }

  var exists: Bool { FileManager.default.fileExists(atPath: folder.path) }

  func make() throws(Failure) {
    do {
      try FileManager.default.createDirectory(
        at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw Failure(
        "\(folder.path) cannot be made: \(error.localizedDescription)",
        next: "Set XDG_STATE_HOME to a folder that you can write to.")
    }
  }

  func remove() throws(Failure) {
    guard exists else { return }
    do { try FileManager.default.removeItem(at: folder) } catch {
      throw Failure(
        "\(folder.path) cannot be removed: \(error.localizedDescription)", next: "Remove it yourself, then try again.")
    }
  }
}
