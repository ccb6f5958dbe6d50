// SPDX-License-Identifier: Apache-2.0
import Planning

/// Results on standard output, which say at their beginning and end when they are of machines in memory.
extension SiteOptions {
  func print(_ text: String) {
    Terminal.print(
      simulate ? [PlanReview.simulatedLine, "", text, "", PlanReview.simulatedLine].joined(separator: "\n") : text)
  }

  func print(json value: some Encodable) throws {
    Terminal.print(simulate ? try Terminal.json(Simulated(value)) : try Terminal.json(value))
  }

  func print(json values: [some Encodable]) throws {
    Terminal.print(simulate ? try Terminal.json(values.map { Simulated($0) }) : try Terminal.json(values))
  }

  /// On standard error, where what is told is not the result.
  func noteSimulated() { if simulate { Terminal.note(PlanReview.simulatedLine) } }
}

/// An object with one more key: `"simulated": true`.
struct Simulated<Value: Encodable>: Encodable {
  private let value: Value

  init(_ value: Value) { self.value = value }

  private enum CodingKeys: CodingKey { case simulated }

  func encode(to encoder: any Encoder) throws {
    try value.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(true, forKey: .simulated)
  }
}
