// SPDX-License-Identifier: Apache-2.0
import Diagnostics

/// The wish for a set, with its settings as they are written. Their types are in the set's own file.
package struct SetRequest: Hashable, Sendable {
  package enum Value: Hashable, Sendable {
    case scalar(String, isPlain: Bool)
    case list([Item])
  }

  package struct Item: Hashable, Sendable {
    package var text: String
    package var isPlain: Bool
    package var source: SourceSpan

    package init(text: String, isPlain: Bool, source: SourceSpan) {
      self.text = text
      self.isPlain = isPlain
      self.source = source
    }
  }

  package struct Given: Hashable, Sendable {
    package var name: String
    package var nameSource: SourceSpan
    package var value: Value
    package var source: SourceSpan

    package init(name: String, nameSource: SourceSpan, value: Value, source: SourceSpan) {
      self.name = name
      self.nameSource = nameSource
      self.value = value
      self.source = source
    }
  }

  package var name: String
  package var given: [Given]
  /// The only images that it is on in. Nil: all of them.
  package var images: Set<String>?
  /// The settings that images give, by their names.
  package var ofImages: [String: [Given]] = [:]
  /// The repository that it is taken from. Nil: it is beside the description, or comes with the program.
  package var origin: SetOrigin?
  package var source: SourceSpan

  /// It is on in images only: the site says nothing of it.
  package var isOfImages = false

  package init(name: String, given: [Given], origin: SetOrigin? = nil, source: SourceSpan) {
    self.name = name
    self.given = given
    self.origin = origin
    self.source = source
  }
}

/// A set in somebody else's git repository, as one commit has it.
package struct SetOrigin: Hashable, Sendable {
  /// As git(1) takes it.
  package var repository: String
  /// All of its 40 digits: a name could lead elsewhere tomorrow.
  package var commit: String
  /// The set's folder there.
  package var path: String
  package var source: SourceSpan

  package init(repository: String, commit: String, path: String, source: SourceSpan) {
    self.repository = repository
    self.commit = commit
    self.path = path
    self.source = source
  }
}
