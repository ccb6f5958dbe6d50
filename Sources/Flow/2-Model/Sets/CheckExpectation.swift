// SPDX-License-Identifier: Apache-2.0

/// The result that a check has to have. Judging is pure: the agent and machines in memory judge alike.
package struct CheckExpectation: Hashable, Codable, Sendable {
  package struct Range: Hashable, Codable, Sendable {
    package var minimum: Double?
    package var maximum: Double?

    package init(minimum: Double?, maximum: Double?) {
      self.minimum = minimum
      self.maximum = maximum
    }

    var words: String {
      switch (minimum, maximum) {
      case (let low?, let high?): "a number from \(decimal(low)) to \(decimal(high))"
      case (let low?, nil): "a number of \(decimal(low)) or more"
      case (nil, let high?): "a number of \(decimal(high)) or less"
      case (nil, nil): "a number"
      }
    }

    fileprivate func contains(_ number: Double) -> Bool {
      number >= minimum ?? -.infinity && number <= maximum ?? .infinity
    }
  }

  /// The status that it ends with.
  package var status: Int32
  /// A `TextPattern` that is found in its output.
  package var output: String?
  /// The range of the first number in its output.
  package var number: Range?
  /// The output is the same on all machines.
  package var same: Bool

  package init(status: Int32 = 0, output: String? = nil, number: Range? = nil, same: Bool = false) {
    self.status = status
    self.output = output
    self.number = number
    self.same = same
  }

  /// The difference from what is expected, in a clause. Nil: there is none. `same` is judged over all machines.
  ///
  /// - Parameter output: standard output, at most `CheckOutput.limit` bytes of it.
  package func difference(status: Int32, output: String) -> String? {
    if status != self.status { return "status \(status), expected \(self.status)" }
    if let pattern = self.output {
      // The description was refused where a pattern cannot be read.
      guard let compiled = try? TextPattern(pattern) else { return "`\(pattern)` is no pattern" }
      if !compiled.isFound(in: output) { return "`\(pattern)` is not in the output" }
    }
    if let number {
      guard let found = CheckOutput.number(in: output) else {
        return "no number in the output, expected \(number.words)"
      }
      if !number.contains(found) { return "\(decimal(found)), expected \(number.words)" }
    }
    return nil
  }
}

/// Output of a check: a value from outside, bounded before it is looked at and escaped before it is shown.
package enum CheckOutput {
  /// Bytes that are looked at.
  package static let limit = 16 << 10
  /// Bytes that are kept of what was not as expected.
  package static let kept = 2 << 10

  package static func bounded(_ bytes: [UInt8], to limit: Int = limit) -> String {
    bytes.count <= limit
      ? String(decoding: bytes, as: UTF8.self) : String(decoding: bytes.prefix(limit), as: UTF8.self) + "…"
  }

  /// The first number: `12`, `-3.5`, `1.2e9`. Digits inside a word are none: `eth0`.
  package static func number(in text: String) -> Double? {
    let scalars = Array(text.unicodeScalars)
    func isDigit(_ place: Int) -> Bool { place < scalars.count && (48...57).contains(scalars[place].value) }
    func isWord(_ place: Int) -> Bool {
      guard scalars.indices.contains(place) else { return false }
      return scalars[place].properties.isAlphabetic || scalars[place] == "_" || isDigit(place)
    }
    var place = 0
    while place < scalars.count {
      guard isDigit(place) else {
        place += 1
        continue
      }
      let start = place
      while isDigit(place) { place += 1 }
      if place < scalars.count, scalars[place] == ".", isDigit(place + 1) {
        place += 1
        while isDigit(place) { place += 1 }
      }
      if place < scalars.count, scalars[place] == "e" || scalars[place] == "E" {
        let sign = place + 1 < scalars.count && (scalars[place + 1] == "+" || scalars[place + 1] == "-") ? 1 : 0
        if isDigit(place + 1 + sign) {
          place += 1 + sign
          while isDigit(place) { place += 1 }
        }
      }
      if isWord(start - 1) { continue }
      let isNegative = start > 0 && scalars[start - 1] == "-" && !isWord(start - 2)
      let digits = String(String.UnicodeScalarView(scalars[start..<place]))
      return Double(digits).map { isNegative ? -$0 : $0 }
    }
    return nil
  }
}

/// A number as people write it: without `.0`.
private func decimal(_ number: Double) -> String {
  number == number.rounded() && abs(number) < 1e15 ? "\(Int(number))" : "\(number)"
}
