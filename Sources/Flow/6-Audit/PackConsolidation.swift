// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import HostAccess

/// Every run adds one small pack. git joins them now and then, so that reading stays fast.
///
/// `--geometric=2` (git-repack(1)) joins the small ones only: the work grows with what is new, not with the history. A
/// full `git gc` is left to the administrator, whose repository it is.
enum PackConsolidation {
  /// As many packs as this are read without being noticed.
  private static let most = 32

  /// Why packs could not be joined: nothing is lost, and reading becomes slower. Nil when all is well.
  static func run(_ repository: GitRepository) async -> String? {
    let folder = repository.commonFolder + "objects/pack"
    let packs = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    guard packs.count(where: { $0.hasSuffix(".pack") }) > most else { return nil }
    do throws(AgentError) {
      try await Command.checked(
        "git", ["--git-dir", repository.commonFolder, "repack", "--geometric=2", "-d", "-l", "-q"],
        deadline: .seconds(300), next: "Run `git gc` in the repository.")
      return nil
    } catch {
      return "the repository's packs could not be joined: \(error); \(error.next)"
    }
  }
}
