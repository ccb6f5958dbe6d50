// SPDX-License-Identifier: Apache-2.0
import ClusterModel

extension Step {
  /// An order in words: `write /etc/hosts`, `restart nginx.service`. The machines it is about are the caller's,
  /// so that many of them can be named at once.
  func title(_ machines: String) -> String {
    operation.title(verb: id.text.split(separator: "/").last.map(String.init) ?? "", machines: machines)
  }

  /// The same for one step alone.
  package var title: String { title(operation.machine?.name ?? "") }

  /// What it means to take it back.
  var undoing: String { destructive ? "what it takes away does not come back." : operation.undoing }
}
