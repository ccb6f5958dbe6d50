// SPDX-License-Identifier: Apache-2.0

/// A kernel command line; of a name given twice, the last counts.
struct KernelArguments: Hashable, Sendable {
  var words: [String]

  init(_ words: [String]) { self.words = words }

  subscript(name: String) -> String? {
    words.last { $0.hasPrefix("\(name)=") }.map { String($0.dropFirst(name.count + 1)) }
  }
}
