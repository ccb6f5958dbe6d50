// SPDX-License-Identifier: Apache-2.0
import Diagnostics
import Templates

/// A set of packages, files and services that is turned on by its name in `packages:`, as its folder describes it.
package struct PackageSet: Hashable, Sendable {
  package var name: String
  /// Its purpose, in a sentence.
  package var summary: String
  /// In the order of the set's file.
  package var settings: [Setting]
  package var heads: Side
  package var nodes: Side
  /// Where the description turns it on.
  package var source: SourceSpan

  package struct Setting: Hashable, Sendable {
    package var name: String
    package var doc: String
    package var type: TemplateType
    /// As it counts: the site's, or the set's default.
    package var value: TemplateValue
    /// The site's own.
    package var isGiven: Bool

    package init(name: String, doc: String, type: TemplateType, value: TemplateValue, isGiven: Bool) {
      self.name = name
      self.doc = doc
      self.type = type
      self.value = value
      self.isGiven = isGiven
    }
  }

  /// The part that machines of one sort get.
  package struct Side: Hashable, Sendable {
    package var packages: [String] = []
    /// In the order of their paths.
    package var files: [File] = []
    package var units: [String] = []

    package init(packages: [String] = [], files: [File] = [], units: [String] = []) {
      self.packages = packages
      self.files = files
      self.units = units
    }
  }

  package struct File: Hashable, Sendable {
    package enum Body: Hashable, Sendable {
      case plain(Content)
      case template(Template)
    }

    /// On the machine: `/etc/slurm/slurm.conf`.
    package var path: String
    package var body: Body
    package var isExecutable: Bool
    /// Beside the description: `packages/slurm/files/etc/slurm/slurm.conf.j2`.
    package var origin: String

    package init(path: String, body: Body, isExecutable: Bool, origin: String) {
      self.path = path
      self.body = body
      self.isExecutable = isExecutable
      self.origin = origin
    }
  }

  package init(name: String, summary: String, settings: [Setting], heads: Side, nodes: Side, source: SourceSpan) {
    self.name = name
    self.summary = summary
    self.settings = settings
    self.heads = heads
    self.nodes = nodes
    self.source = source
  }

  /// Folder of a set, beside the description.
  package static func folder(_ name: String) -> String { "packages/\(name)" }
}

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
  package var source: SourceSpan

  package init(name: String, given: [Given], source: SourceSpan) {
    self.name = name
    self.given = given
    self.source = source
  }
}
