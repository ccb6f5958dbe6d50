// SPDX-License-Identifier: Apache-2.0
import ClusterModel
import Foundation
import Glibc
import Simulator

/// Looks for the bytes of secrets in what a run says and keeps: as they are, and as text formats write bytes.
///
/// All secrets of a simulated site begin alike (`FakeWorld.password`), so one look finds any of them.
enum SecretLeak {
  private static let forms: [(name: String, bytes: [UInt8])] = {
    let whole = FakeWorld.password(SecretRef(""))
    // Twelve bytes are sixteen signs of base64, whatever follows.
    let start = Array(whole.prefix(12))
    return [
      ("as it is", whole), ("in base64", Array(Data(start).base64EncodedString().utf8)),
      ("in hexadecimal", Array(start.map(\.hexadecimal).joined().utf8)),
      ("as numbers", Array(start.map(String.init).joined(separator: ",").utf8)),
    ]
  }()

  /// In which form a secret is in the text. Nil: in none.
  static func find(in text: [UInt8]) -> String? {
    text.withUnsafeBytes { text in forms.first { isThere($0.bytes, in: text) }?.name }
  }

  private static func isThere(_ form: [UInt8], in text: UnsafeRawBufferPointer) -> Bool {
    guard let base = text.baseAddress else { return false }
    var place = 0
    while place + form.count <= text.count,
      let first = memchr(base + place, Int32(form[0]), text.count - form.count - place + 1)
    {
      if memcmp(first, form, form.count) == 0 { return true }
      place = base.distance(to: first) + 1
    }
    return false
  }
}
