// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import HostAccess

extension CommandResult {
  /// Throws when the program failed: `.diskFull` with the figures when that was the reason.
  func expectSpace(for purpose: String, program: String, at folder: String) throws(AgentError) {
    if succeeded { return }
    let said = lastLines
    if (errorText + text).contains("No space left on device") {
      throw AgentError(
        .diskFull, "\(purpose) ran out of space", cause: said,
        next:
          "Free or add space below \(folder) (\(LocalFiles.mebibytes((try? LocalFiles.freeBytes(at: folder)) ?? 0)) are free now), then run `cluster apply` again."
      )
    }
    throw AgentError(
      .commandFailed, "\(purpose) failed", cause: said.isEmpty ? "\(program) ended with status \(status)" : said,
      next: "Fix what \(program) reports, then run `cluster apply` again.")
  }
}
