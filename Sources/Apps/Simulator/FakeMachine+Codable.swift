// SPDX-License-Identifier: Apache-2.0

extension FakeMachine.File {
  private enum CodingKeys: CodingKey { case text, bytes, mode, owner, changed }

  /// Nearly all files are text, and a list of numbers would be ten times as long and as slow.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    if let text {
      try container.encode(text, forKey: .text)
    } else {
      try container.encode(bytes, forKey: .bytes)
    }
    try container.encode(mode, forKey: .mode)
    try container.encode(owner, forKey: .owner)
    try container.encode(changed, forKey: .changed)
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let text = try container.decodeIfPresent(String.self, forKey: .text).map { Array($0.utf8) }
    self.init(
      bytes: try text ?? container.decode([UInt8].self, forKey: .bytes),
      mode: try container.decode(UInt16.self, forKey: .mode),
      owner: try container.decode(String.self, forKey: .owner),
      changed: try container.decode(Int.self, forKey: .changed))
  }
}
