// SPDX-License-Identifier: Apache-2.0

/// What may stand at a place of the file. The reader and the JSON schema are both made from it, so they cannot differ.
indirect enum Shape: Sendable {
  case scalar(ScalarType)
  case list(Shape, minimum: Int)
  /// Names of the user's choice, each with a value of the same shape.
  case named(ScalarType, Shape)
  case section([Key])

  /// A key of a section.
  struct Key: Sendable {
    var name: String
    var shape: Shape
    var required: Bool
    /// For completion in editors: one sentence.
    var help: String

    init(_ name: String, _ shape: Shape, required: Bool = false, _ help: String) {
      self.name = name
      self.shape = shape
      self.required = required
      self.help = help
    }
  }
}
