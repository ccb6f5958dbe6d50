// SPDX-License-Identifier: Apache-2.0

extension AgentError.Code {
  /// `agent.disk-full`: as `cluster explain` and the pages in `docs/diagnostics` name it.
  package var page: String {
    var name = ""
    for character in rawValue {
      if character.isUppercase, name.last?.isUppercase == false { name += "-" }
      name.append(character)
    }
    return "agent." + name.lowercased()
  }
}
